package dev.ponder.model.registry;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One request's right to use a loaded model, which is not unloaded meanwhile. Must be closed.
 * Thread-safe.
 */
public final class Lease implements AutoCloseable {
  private final HostedModel host;
  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();

  Lease(HostedModel host) {
    this.host = host;
  }

  public LoadedModel model() {
    return host.model();
  }

  /** Says how to end the request, should the model have to go before the request is done. */
  public void onEviction(Runnable action) {
    stop.set(action);
  }

  void evict() {
    Runnable action = stop.get();
    if (action != null) {
      action.run();
    }
  }

  /** Gives the right back. Idempotent. */
  @Override
  public void close() {
    host.release(this);
  }
}
