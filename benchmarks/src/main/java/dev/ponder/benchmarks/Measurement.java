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
   */
  record Work(long weightBytes, long kvBytes, long forwardPasses) {
    static final Work UNKNOWN = new Work(0, 0, 0);

    /** For decoding; the rows of a prompt share what they read, so that its sum means little. */
    double gigabytesPerSecond(double seconds) {
      return (weightBytes + kvBytes) / seconds / 1e9;
    }
  }
}
