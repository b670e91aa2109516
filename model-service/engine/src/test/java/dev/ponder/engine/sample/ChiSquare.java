package dev.ponder.engine.sample;

/** Pearson's goodness-of-fit test. */
final class ChiSquare {
  /** Cells with a smaller expected count are pooled, as the approximation asks. */
  private static final double LEAST_EXPECTED = 5;

  private ChiSquare() {}

  /**
   * Returns how many standard deviations the statistic lies above its mean, by Wilson and
   * Hilferty's cube-root approximation. Infinite if an impossible value occurred.
   */
  static double sigmas(int[] counts, double[] probabilities) {
    long n = 0;
    for (int count : counts) {
      n += count;
    }
    double statistic = 0;
    int cells = 0;
    double pooledExpected = 0;
    double pooledCount = 0;
    for (int i = 0; i < counts.length; i++) {
      double expected = n * probabilities[i];
      if (expected == 0 && counts[i] > 0) {
        return Double.POSITIVE_INFINITY;
      } else if (expected < LEAST_EXPECTED) {
        pooledExpected += expected;
        pooledCount += counts[i];
      } else {
        statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        cells++;
      }
    }
    if (pooledExpected >= LEAST_EXPECTED) {
      double difference = pooledCount - pooledExpected;
      statistic += difference * difference / pooledExpected;
      cells++;
    }
    int degrees = cells - 1;
    if (degrees == 0) {
      return 0;
    }
    double spread = 2.0 / (9 * degrees);
    return (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
  }
}
