package dev.ponder.engine.schedule;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Measured speeds, smoothed, and the durations of the last steps. Written by the scheduler's
 * thread, read by any.
 */
final class Rates {
  /** Weight of a new measurement. */
  private static final double WEIGHT = 0.2;

  /** Steps with fewer prompt rows than this say more about decoding than about prefill. */
  private static final int LEAST_PREFILL_ROWS = 8;

  private static final int KEPT_STEPS = 256;
  private static final double NANOS = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;

  private final AtomicLongArray steps = new AtomicLongArray(KEPT_STEPS);
  private volatile double prefillPerSecond;
  private volatile double decodePerSecond;
  private volatile long count;

  /** Notes a step of so many rows. */
  void record(int prefillRows, int decodeRows, long nanos) {
    double seconds = Math.max(nanos, 1) / NANOS;
    if (prefillRows >= LEAST_PREFILL_ROWS) {
      prefillPerSecond = smoothed(prefillPerSecond, (prefillRows + decodeRows) / seconds);
    } else if (prefillRows == 0) {
      decodePerSecond = smoothed(decodePerSecond, decodeRows / seconds);
    }
    long number = count;
    steps.set((int) (number % KEPT_STEPS), nanos);
    count = number + 1;
  }

  /** Prompt tokens a second; 0 before the first measurement. */
  double prefillPerSecond() {
    return prefillPerSecond;
  }

  /** Generated tokens a second of all running sequences together; 0 before the first. */
  double decodePerSecond() {
    return decodePerSecond;
  }

  /** Median, 95th percentile and maximum of the last steps, in milliseconds. */
  double[] stepMillis() {
    int kept = (int) Math.min(count, KEPT_STEPS);
    if (kept == 0) {
      return new double[3];
    }
    long[] sorted = new long[kept];
    for (int i = 0; i < kept; i++) {
      sorted[i] = steps.get(i);
    }
    Arrays.sort(sorted);
    return new double[] {
      sorted[kept / 2] / NANOS_PER_MILLI,
      sorted[(kept - 1) * 95 / 100] / NANOS_PER_MILLI,
      sorted[kept - 1] / NANOS_PER_MILLI
    };
  }

  private static double smoothed(double before, double now) {
    return before == 0 ? now : before + WEIGHT * (now - before);
  }
}
