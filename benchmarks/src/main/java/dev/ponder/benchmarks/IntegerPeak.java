package dev.ponder.benchmarks;

import dev.ponder.engine.machine.DotPeak;
import dev.ponder.engine.machine.Machine;
import dev.ponder.engine.machine.MachineUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** How many integer products threads can form: the ceiling of prefill and of many samples. */
final class IntegerPeak {
  private static final int ROUNDS = 5;
  private static final long ROUND_NANOS = 100_000_000;

  private IntegerPeak() {}

  /**
   * The best of {@value #ROUNDS} rounds, in billions of operations a second: a product and an
   * addition are two. 0 where the processor has no such instructions.
   */
  static double measure(int threads) {
    DotPeak peak;
    try {
      peak = new DotPeak(Machine.detect());
    } catch (MachineUnavailableException e) {
      return 0;
    }
    try (ExecutorService team = Executors.newFixedThreadPool(threads)) {
      double best = 0;
      for (int round = 0; round < ROUNDS; round++) {
        List<Future<Double>> rates = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          rates.add(team.submit(() -> rate(peak)));
        }
        double sum = 0;
        for (Future<Double> rate : rates) {
          sum += rate.get();
        }
        best = Math.max(best, sum);
      }
      return best;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("peak measurement interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static double rate(DotPeak peak) {
    long products = 0;
    long start = System.nanoTime();
    long nanos;
    do {
      products += peak.run();
      nanos = System.nanoTime() - start;
    } while (nanos < ROUND_NANOS);
    return 2.0 * products / nanos;
  }
}
