package dev.ponder.benchmarks;

/** An engine under measurement, its model loaded. Used by one thread. */
interface Contestant {

  /** Names the engine and its settings, unique in a run. */
  String label();

  /**
   * Runs a workload once.
   *
   * @throws PeerException when the contestant cannot run it, now or any more
   */
  Measurement run(Workload workload);
}
