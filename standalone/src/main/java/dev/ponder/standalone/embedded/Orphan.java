package dev.ponder.standalone.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server that an earlier start left behind, found by its pid file. {@link GuardedProcess} makes
 * one unlikely (somebody killed the guard too), but it would hold the data folder, so it is ended.
 */
final class Orphan {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Orphan() {}

  /**
   * Ends the process whose id is the first line of {@code pidFile}, if it is alive and its command
   * line names {@code marker}: pids are reused, and somebody else's process must not be touched.
   */
  static void end(Path pidFile, String marker) throws IOException {
    Optional<ProcessHandle> orphan = find(pidFile, marker);
    if (orphan.isEmpty()) {
      return;
    }
    ProcessHandle handle = orphan.get();
    // SIGINT, which the JDK cannot send: PostgreSQL's fast shutdown. SIGTERM would wait for
    // clients.
    new ProcessBuilder("kill", "-INT", Long.toString(handle.pid())).start();
    CompletableFuture<ProcessHandle> exit = handle.onExit();
    try {
      exit.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      handle.destroyForcibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IOException("cannot end process " + handle.pid(), e);
    }
  }

  static Optional<ProcessHandle> find(Path pidFile, String marker) throws IOException {
    if (!Files.isRegularFile(pidFile)) {
      return Optional.empty();
    }
    String first = Files.readString(pidFile).lines().findFirst().orElse("").strip();
    if (!first.matches("[0-9]{1,10}")) {
      return Optional.empty();
    }
    Path commandLine = Path.of("/proc", first, "cmdline");
    if (!Files.isReadable(commandLine) || !Files.readString(commandLine).contains(marker)) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(first));
  }
}
