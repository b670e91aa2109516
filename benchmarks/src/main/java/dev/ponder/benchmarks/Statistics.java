package dev.ponder.benchmarks;

import java.util.Arrays;
import java.util.List;

/** Median and range of repeated readings. */
record Statistics(double median, double least, double most) {

  /**
   * @throws IllegalArgumentException when there are no readings
   */
  static Statistics of(List<Double> readings) {
    if (readings.isEmpty()) {
      throw new IllegalArgumentException("readings: 0 (expected: at least 1)");
    }
    double[] sorted = readings.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Statistics(median, sorted[0], sorted[sorted.length - 1]);
  }
}
