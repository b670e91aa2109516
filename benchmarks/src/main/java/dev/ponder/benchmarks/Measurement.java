package dev.ponder.benchmarks;

/**
 * One timed run of a workload.
 *
 * @param work what was done in that time; {@link Work#UNKNOWN} when the contestant does not count
 */
record Measurement(double seconds, Work work) {

  /**
   * Work counters of one run.
   *
   * @param weightBytes bytes of weights read
   * @param kvBytes bytes of keys and values written, and attended to by each row
   * @param forwardPasses passes over the whole model
   * @param products of a weight and an activation
   */
  record Work(long weightBytes, long kvBytes, long forwardPasses, long products) {
    static final Work UNKNOWN = new Work(0, 0, 0, 0);

    /** Billions of operations a second: a product and an addition are two. */
    double gigaOperationsPerSecond(double seconds) {
      return 2.0 * products / seconds / 1e9;
    }

    /** For decoding; the rows of a prompt share what they read, so that its sum means little. */
    double gigabytesPerSecond(double seconds) {
      return (weightBytes + kvBytes) / seconds / 1e9;
    }
  }
}
