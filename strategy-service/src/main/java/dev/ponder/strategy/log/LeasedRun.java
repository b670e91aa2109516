package dev.ponder.strategy.log;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A run as the replica that works on it sees it.
 *
 * @param request the run's definition, as JSON
 * @param deadline when it must have ended; null: never
 */
public record LeasedRun(
    Lease lease,
    String tenant,
    String strategy,
    String model,
    String request,
    @Nullable Instant deadline,
    boolean cancelRequested) {
  public String id() {
    return lease.runId();
  }
}
