package dev.ponder.engine;

/** A submitted request. Thread-safe. */
public interface Generation {

  /**
   * Gives the request up, wherever it is: in the queue, waiting for the prefix store, between two
   * prefill chunks, or decoding. Its pages are free before the next step. Idempotent; does not
   * wait.
   */
  void cancel();

  /** Whether it has completed, failed or been cancelled. */
  boolean done();
}
