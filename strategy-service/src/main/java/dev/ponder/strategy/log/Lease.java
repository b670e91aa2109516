package dev.ponder.strategy.log;

/**
 * The right to append to a run's log.
 *
 * @param owner the replica that holds it
 * @param epoch grows each time the lease changes hands, so that a holder that was believed dead can
 *     no longer append
 */
public record Lease(String runId, String owner, long epoch) {}
