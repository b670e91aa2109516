package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a main class in a JVM of its own: for kernels of another width, and where what other tests
 * have compiled must not matter.
 */
public final class ChildJvm {
  private ChildJvm() {}

  /** Expects the class to end well, having printed {@code expected} last. */
  public static void run(Class<?> main, String expected, List<String> flags, String... arguments)
      throws IOException, InterruptedException {
    assertThat(output(main, flags, arguments)).endsWith(expected + "\n");
  }

  /** Expects the class to end well; returns what it printed. */
  public static String output(Class<?> main, List<String> flags, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("--add-modules=" + KernelTier.VECTOR_MODULE);
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
