package dev.ponder.model.registry;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A loaded model and the requests that use it. Thread-safe. */
final class HostedModel {
  private final LoadedModel model;
  private final Set<Lease> leases = new HashSet<>(); // guarded by this
  private final CompletableFuture<Void> idle = new CompletableFuture<>();
  private boolean draining; // guarded by this

  HostedModel(LoadedModel model) {
    this.model = model;
  }

  LoadedModel model() {
    return model;
  }

  /** Returns a lease, or null if the model is being unloaded. */
  synchronized @Nullable Lease lease() {
    if (draining) {
      return null;
    }
    Lease lease = new Lease(this);
    leases.add(lease);
    return lease;
  }

  void release(Lease lease) {
    boolean last;
    synchronized (this) {
      leases.remove(lease);
      last = draining && leases.isEmpty();
    }
    if (last) {
      idle.complete(null);
    }
  }

  /** Admits nobody any more, lets the running requests end, ends those that do not, closes. */
  void drainAndClose(Duration bound) {
    boolean free;
    synchronized (this) {
      draining = true;
      free = leases.isEmpty();
    }
    if (!free && !ended(bound)) {
      List<Lease> late;
      synchronized (this) {
        late = List.copyOf(leases);
      }
      late.forEach(Lease::evict);
    }
    // Closing fails whatever is left, each request with an error of its own.
    model.close();
  }

  private boolean ended(Duration bound) {
    try {
      idle.get(bound.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
