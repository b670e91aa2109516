package dev.ponder.strategy.log;

/** The run is no longer this replica's: another one took it over, or it has ended. */
public final class LeaseLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LeaseLostException(Lease lease) {
    super(lease.runId() + ": no longer leased to " + lease.owner() + " in epoch " + lease.epoch());
  }
}
