package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelTierTest {
  private final List<String> log = new ArrayList<>();

  @Test
  void takesVectorsWhereTheyWork() {
    assertThat(KernelTier.choose(null, "amd64", true, 512, log::add)).isEqualTo(KernelTier.VECTOR);
    assertThat(KernelTier.choose(null, "aarch64", true, 128, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThat(log)
        .containsExactly(
            "kernels: vector, 512 bits (amd64)", "kernels: vector, 128 bits (aarch64)");
  }

  @Test
  void fallsBackWithTheRemedy() {
    assertThat(KernelTier.choose(null, "amd64", false, 0, log::add)).isEqualTo(KernelTier.SCALAR);
    assertThat(KernelTier.choose(null, "riscv64", true, 64, log::add)).isEqualTo(KernelTier.SCALAR);
    assertThat(log).hasSize(2);
    assertThat(log.get(0)).contains("--add-modules=jdk.incubator.vector");
  }

  @Test
  void doesAsAskedOrSaysWhyNot() {
    assertThat(KernelTier.choose(KernelTier.SCALAR, "amd64", true, 512, log::add))
        .isEqualTo(KernelTier.SCALAR);
    assertThat(KernelTier.choose(KernelTier.VECTOR, "amd64", true, 256, log::add))
        .isEqualTo(KernelTier.VECTOR);
    assertThatThrownBy(() -> KernelTier.choose(KernelTier.VECTOR, "amd64", false, 0, log::add))
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
}
