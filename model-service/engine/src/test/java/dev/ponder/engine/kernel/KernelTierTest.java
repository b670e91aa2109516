package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.machine.InstructionSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelTierTest {
  private final List<String> log = new ArrayList<>();

  @Test
  void takesVectorsWhereTheyWork() {
    assertThat(KernelTier.choose(null, null, "none", "amd64", true, 512, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThat(KernelTier.choose(null, null, "none", "aarch64", true, 128, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThat(log)
        .containsExactly(
            "kernels: vector, 512 bits (amd64); no machine code: none",
            "kernels: vector, 128 bits (aarch64); no machine code: none");
  }

  @Test
  void fallsBackWithTheRemedy() {
    assertThat(KernelTier.choose(null, null, "none", "amd64", false, 0, log::add))
        .isEqualTo(KernelTier.SCALAR);
    assertThat(KernelTier.choose(null, null, "none", "riscv64", true, 64, log::add))
        .isEqualTo(KernelTier.SCALAR);
    assertThat(log).hasSize(2);
    assertThat(log.get(0)).contains("--add-modules=jdk.incubator.vector");
  }

  @Test
  void doesAsAskedOrSaysWhyNot() {
    assertThat(KernelTier.choose(KernelTier.SCALAR, null, "none", "amd64", true, 512, log::add))
        .isEqualTo(KernelTier.SCALAR);
    assertThat(KernelTier.choose(KernelTier.VECTOR, null, "none", "amd64", true, 256, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThatThrownBy(
            () -> KernelTier.choose(KernelTier.VECTOR, null, "none", "amd64", false, 0, log::add))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("--add-modules=jdk.incubator.vector");
  }

  @Test
  void widthIsTheWidestSupportedUnlessForced() {
    assertThat(VectorWidth.choose(512, null)).isEqualTo(512);
    assertThat(VectorWidth.choose(1024, null)).isEqualTo(512);
    assertThat(VectorWidth.choose(256, null)).isEqualTo(256);
    assertThat(VectorWidth.choose(64, null)).isEqualTo(128);
    assertThat(VectorWidth.choose(512, 128)).isEqualTo(128);
    assertThatThrownBy(() -> VectorWidth.choose(512, 64))
        .hasMessageContaining("expected: 128, 256 or 512");
  }

  @Test
  void takesMachineCodeWhereItRunsUnlessToldOtherwise() {
    InstructionSet set = InstructionSet.AVX_VNNI;
    assertThat(KernelTier.choose(null, set, "", "amd64", true, 512, log::add))
        .isEqualTo(KernelTier.MACHINE);
    assertThat(KernelTier.choose(KernelTier.MACHINE, set, "", "amd64", false, 0, log::add))
        .isEqualTo(KernelTier.MACHINE);
    assertThat(KernelTier.choose(KernelTier.VECTOR, set, "", "amd64", true, 512, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThat(log.get(0)).isEqualTo("kernels: machine, AVX-VNNI (amd64)");
    assertThat(log.get(1)).contains("the rest in plain Java").hasSizeLessThan(160);
    assertThat(log.get(2)).isEqualTo("kernels: vector, 512 bits (amd64)");
    assertThatThrownBy(() ->
            KernelTier.choose(KernelTier.MACHINE, null, "no VNNI", "amd64", true, 512, log::add))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("machine")
        .hasMessageContaining("no VNNI");
  }
}
