package dev.ponder.standalone.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process that ends when this JVM does, however this JVM ends.
 *
 * <p>The child runs under a small shell that reads from a pipe only this JVM holds open. A clean
 * stop closes the pipe; so does the kernel when the JVM is killed. Either way the shell sees the
 * end of its input, interrupts the child, and kills it if it has not left within ten seconds. The
 * shell is a session of its own, so that a Ctrl-C in the terminal reaches only the JVM, which then
 * stops its services before their servers.
 *
 * <p>Thread-safe.
 */
final class GuardedProcess implements AutoCloseable {
  private static final String GUARD =
      """
      "$@" </dev/null 3<&- &
      child=$!
      (
        while read -r _; do :; done
        kill -INT $child 2>/dev/null
        left=100
        while [ $left -gt 0 ] && kill -0 $child 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
        kill -KILL $child 2>/dev/null
      ) <&3 3<&- &
      guard=$!
      exec 3<&-
      wait $child
      status=$?
      kill $guard 2>/dev/null
      exit $status
      """;

  private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

  private final String name;
  private final Process process;

  private GuardedProcess(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  static GuardedProcess start(
      String name, Path log, Map<String, String> environment, List<String> command)
      throws IOException {
    List<String> guarded = new ArrayList<>(List.of("setsid", "sh", "-c"));
    guarded.add("exec 3<&0\n" + GUARD);
    guarded.add(name);
    guarded.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(guarded)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    return new GuardedProcess(name, builder.start());
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Stops the child and waits for it; does nothing when it has stopped already. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      process.destroy(); // the pipe is broken: the guard is gone or going
    }
    try {
      if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }

  @Override
  public String toString() {
    return name + (isAlive() ? " (running)" : " (stopped)");
  }
}
