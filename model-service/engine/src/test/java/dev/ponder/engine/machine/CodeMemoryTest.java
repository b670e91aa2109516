package dev.ponder.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the system lets machine code do, shown in JVMs of their own where that ends them. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class CodeMemoryTest {
  @TempDir private Path folder;

  /** What happens in the other JVM. */
  @SuppressWarnings("restricted") // it oversteps on purpose
  public static final class Child {
    private Child() {}

    public static void main(String[] args) throws Throwable {
      switch (args[0]) {
        case "detect" -> detect();
        case "refuse" -> {
          refuseNewExecutableMemory();
          detect();
        }
        case "write-code" -> {
          CodeMemory code = new CodeMemory(Machine.libc(), new byte[] {(byte) 0xC3});
          System.out.println("made");
          code.at(0).set(ValueLayout.JAVA_BYTE, 0, (byte) 0x90);
        }
        default -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = GuardedMemory.allocate(Long.parseLong(args[1]), arena);
            memory.set(ValueLayout.JAVA_BYTE, memory.byteSize() - 1, (byte) 1);
            System.out.println("made");
            memory
                .reinterpret(memory.byteSize() + 1)
                .set(ValueLayout.JAVA_BYTE, memory.byteSize(), (byte) 1);
          }
        }
      }
      System.out.println("end");
    }

    private static void detect() {
      try {
        System.out.println("found " + Machine.detect());
      } catch (MachineUnavailableException e) {
        System.out.println(e.getMessage());
      }
    }

    /** PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN, as hardened services have it. */
    private static void refuseNewExecutableMemory() throws Throwable {
      Linker linker = Linker.nativeLinker();
      int refused =
          (int)
              linker
                  .downcallHandle(
                      linker.defaultLookup().find("prctl").orElseThrow(),
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT,
                          ValueLayout.JAVA_INT,
                          ValueLayout.JAVA_LONG,
                          ValueLayout.JAVA_LONG,
                          ValueLayout.JAVA_LONG,
                          ValueLayout.JAVA_LONG))
                  .invokeExact(65, 1L, 0L, 0L, 0L);
      if (refused != 0) {
        System.out.println("not supported by this kernel");
      }
    }
  }

  private record Outcome(int status, String output) {}

  private Outcome run(List<String> options, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(options);
    command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + folder + "/error"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return new Outcome(process.exitValue(), output);
  }

  private static final List<String> GRANTED = List.of("--enable-native-access=ALL-UNNAMED");

  @Test
  void deniedNativeAccessIsSaidWithItsRemedy() throws IOException, InterruptedException {
    Outcome denied = run(List.of("--illegal-native-access=deny"), "detect");
    assertThat(denied.output())
        .startsWith(
            "native access is not granted, start Java with --enable-native-access=ALL-UNNAMED");
    assertThat(run(GRANTED, "detect").output()).doesNotContain("native access");
  }

  @Test
  void refusedExecutableMemoryIsSaid() throws IOException, InterruptedException {
    // interpreted, with its own code memory taken beforehand: the JVM needs executable memory too
    List<String> options = new ArrayList<>(GRANTED);
    options.addAll(
        List.of("-Xint", "-XX:InitialCodeCacheSize=16m", "-XX:ReservedCodeCacheSize=16m"));
    Outcome refused = run(options, "refuse");
    assertThat(refused.output())
        .satisfiesAnyOf(
            output -> assertThat(output).isEqualTo("the system refuses executable memory\nend\n"),
            output -> assertThat(output).startsWith("not supported by this kernel\n"));
  }

  @Test
  void codeCannotBeWrittenOnceItCanRun() throws IOException, InterruptedException {
    Outcome outcome = run(GRANTED, "write-code");
    assertThat(outcome.output()).startsWith("made\n").doesNotContain("\nend\n").contains("SIGSEGV");
    assertThat(outcome.status()).isNotZero();
  }

  @Test
  void theByteBehindGuardedMemoryFaults() throws IOException, InterruptedException {
    for (long bytes : new long[] {64, 4096, 100_032, (4 << 20) + 64}) {
      Outcome outcome = run(GRANTED, "overrun", Long.toString(bytes));
      assertThat(outcome.output()).startsWith("made\n").contains("SIGSEGV");
      assertThat(Files.exists(folder.resolve("error"))).isTrue();
      Files.delete(folder.resolve("error"));
    }
  }

  @Test
  void guardedMemoryIsZeroAndGoesWithItsArena() {
    MemorySegment memory;
    try (Arena arena = Arena.ofConfined()) {
      memory = GuardedMemory.allocate(1_000, arena);
      assertThat(memory.byteSize()).isEqualTo(1_024);
      assertThat(memory.address() % 64).isZero();
      assertThat(memory.mismatch(MemorySegment.ofArray(new byte[1_024]))).isEqualTo(-1);
    }
    assertThat(memory.scope().isAlive()).isFalse();
  }
}
