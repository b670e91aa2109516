package dev.ponder.model.catalog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One puller a file at a time, among processes and inside this one. */
final class PullLock implements AutoCloseable {
  private static final Duration RETRY = Duration.ofMillis(200);

  private final FileChannel channel;

  private PullLock(FileChannel channel) {
    this.channel = channel;
  }

  static PullLock acquire(Path file, ProgressListener progress)
      throws IOException, InterruptedException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      boolean told = false;
      while (tryLock(channel) == null) {
        if (!told) {
          progress.stage("waiting for another pull of the same model");
          told = true;
        }
        Thread.sleep(RETRY);
      }
      return new PullLock(channel);
    } catch (IOException | InterruptedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // another thread of this process has it
    }
  }

  /** Releases the lock. The empty file stays: deleting it would let two pullers in. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
