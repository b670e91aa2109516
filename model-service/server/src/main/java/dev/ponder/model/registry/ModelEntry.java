package dev.ponder.model.registry;

import dev.ponder.common.error.PonderException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What the registry knows of one id. NOT thread-safe: guarded by the registry. */
final class ModelEntry {
  enum State {
    LOADING,
    READY,
    FAILED
  }

  State state = State.LOADING;
  double progress;
  @Nullable PonderException failure;
  @Nullable HostedModel hosted;
  final FileStamp stamp;
  final CompletableFuture<HostedModel> loaded = new CompletableFuture<>();

  ModelEntry(FileStamp stamp) {
    this.stamp = stamp;
  }

  /** Tells one state of a file from another. */
  record FileStamp(long bytes, long modifiedMillis) {}
}
