package dev.ponder.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CpuTest {
  // What a server with AVX512-VNNI and AVX-VNNI reports.
  private static final int ECX1 = 0xFFFA3203;
  private static final int EBX7 = 0xF1BF07BB;
  private static final int ECX7 = 0x1A415F46;
  private static final int EAX71 = 0x1C30;
  private static final int XCR0 = 0xE7;

  @Test
  void takesTheWidestInstructionsThatTheSystemKeepsRegistersFor() {
    assertThat(cpu(EBX7, ECX7, EAX71, XCR0)).isEqualTo(InstructionSet.AVX512_VNNI);
    int noZmmState = 0x7;
    assertThat(cpu(EBX7, ECX7, EAX71, noZmmState)).isEqualTo(InstructionSet.AVX_VNNI);
    int noVnni = ECX7 & ~(1 << 11);
    assertThat(cpu(EBX7, noVnni, EAX71, XCR0)).isEqualTo(InstructionSet.AVX_VNNI);
    int noAvx512 = EBX7 & ~(1 << 16);
    assertThat(cpu(noAvx512, ECX7, EAX71, XCR0)).isEqualTo(InstructionSet.AVX_VNNI);
  }

  @Test
  void takesNoneWhereAnythingIsMissing() {
    assertThat(cpu(EBX7 & ~(1 << 16), ECX7, 0, XCR0)).isNull();
    assertThat(cpu(EBX7 & ~(1 << 5), ECX7, EAX71, XCR0)).as("AVX2").isNull();
    assertThat(cpu(EBX7, ECX7, EAX71, 0x3)).as("YMM state").isNull();
    assertThat(new Cpu(1, ECX1, 0, 0, 0, XCR0).instructionSet()).isNull();
    assertThat(new Cpu(7, ECX1 & ~(1 << 12), EBX7, ECX7, EAX71, XCR0).instructionSet())
        .as("FMA")
        .isNull();
  }

  private static @org.jspecify.annotations.Nullable InstructionSet cpu(
      int ebx7, int ecx7, int eax71, int xcr0) {
    return new Cpu(31, ECX1, ebx7, ecx7, eax71, xcr0).instructionSet();
  }

  @Test
  void saysWhyItCannotRunElsewhere() {
    assertThatThrownBy(() -> Machine.detect("Mac OS X", "aarch64"))
        .isInstanceOf(MachineUnavailableException.class)
        .hasMessage("written for Linux on amd64, not Mac OS X on aarch64");
  }

  /** Our stubs against what the kernel reports of the same processor. */
  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void asksTheProcessor() throws IOException {
    String flags =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .orElseThrow();
    Cpu cpu = Cpu.ask(Machine.libc());
    assertThat((cpu.ecx1() & (1 << 12)) != 0).isEqualTo(flags.contains(" fma "));
    assertThat((cpu.ebx7() & (1 << 5)) != 0).isEqualTo(flags.contains(" avx2 "));
    assertThat((cpu.ecx7() & (1 << 11)) != 0).isEqualTo(flags.contains(" avx512_vnni "));
    assertThat((cpu.eax71() & (1 << 4)) != 0).isEqualTo(flags.contains(" avx_vnni "));
  }
}
