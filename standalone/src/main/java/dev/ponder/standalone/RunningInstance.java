package dev.ponder.standalone;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The process that runs an installation: a lock only one can hold, which the kernel drops when the
 * process dies, and a file beside it that says how to reach it.
 */
public final class RunningInstance implements AutoCloseable {
  private final Installation installation;
  private final FileChannel channel;

  private RunningInstance(Installation installation, FileChannel channel) {
    this.installation = installation;
    this.channel = channel;
  }

  /** How to reach a running installation. */
  public record Address(long pid, String url, boolean auth) {}

  /** Takes the installation for this process; empty when another process has it. */
  public static Optional<RunningInstance> claim(Installation installation) throws IOException {
    FileChannel channel =
        FileChannel.open(
            installation.lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      return Optional.empty();
    }
    Files.deleteIfExists(installation.runFile());
    return Optional.of(new RunningInstance(installation, channel));
  }

  /** Says that the installation answers at {@code url}. */
  public void announce(String url, boolean auth) throws IOException {
    Properties p = new Properties();
    p.setProperty("pid", Long.toString(ProcessHandle.current().pid()));
    p.setProperty("url", url);
    p.setProperty("auth", Boolean.toString(auth));
    Path partial = installation.runFile().resolveSibling("running.partial");
    try (Writer out = Files.newBufferedWriter(partial)) {
      p.store(out, null);
    }
    Files.move(partial, installation.runFile(), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  /** Returns where the installation runs; empty when no live process holds it. */
  public static Optional<Address> find(Installation installation) throws IOException {
    if (!isHeld(installation)) {
      return Optional.empty();
    }
    Path file = installation.runFile();
    if (!Files.exists(file)) {
      return Optional.empty(); // starting, or stopping
    }
    Properties p = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      p.load(in);
    }
    @Nullable String pid = p.getProperty("pid");
    @Nullable String url = p.getProperty("url");
    return pid == null || url == null
        ? Optional.empty()
        : Optional.of(
            new Address(Long.parseLong(pid), url, Boolean.parseBoolean(p.getProperty("auth"))));
  }

  /** Returns whether some process holds the installation, answering or not. */
  public static boolean isHeld(Installation installation) throws IOException {
    if (!Files.exists(installation.lockFile())) {
      return false;
    }
    try (FileChannel probe = FileChannel.open(installation.lockFile(), StandardOpenOption.WRITE)) {
      FileLock lock = probe.tryLock();
      if (lock == null) {
        return true;
      }
      lock.release();
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(installation.runFile());
    channel.close();
  }
}
