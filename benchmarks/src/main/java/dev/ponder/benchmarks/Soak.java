package dev.ponder.benchmarks;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decodes one sequence after another for a long time, to see whether speed or memory drifts. All
 * sequences have the same length, so every minute does the same work.
 */
final class Soak {
  static final String HEADER = "minute  tokens/s  step p50 ms   p99 ms   max ms  resident MB";

  /** Tokens of a sequence. */
  static final int SEQUENCE = 256;

  private static final double NANOS_PER_MINUTE = 60e9;
  private static final int MOST_STEPS_A_MINUTE = 1 << 20;
  private static final int FIRST_ID = 10;

  private Soak() {}

  /** What one minute gave; times are of single steps. */
  record Minute(double tokensPerSecond, double p50, double p99, double max, long residentBytes) {
    String line(int number) {
      return String.format(
          Locale.ROOT,
          "%6d  %8.1f  %11.3f  %7.3f  %7.1f  %11d",
          number,
          tokensPerSecond,
          p50,
          p99,
          max,
          residentBytes / 1_000_000);
    }
  }

  /**
   * Runs, and says each minute's figures as they come.
   *
   * @param nanoTime the clock
   */
  static List<Minute> run(
      LanguageModel model, int minutes, LongSupplier nanoTime, Consumer<String> out) {
    SplittableRandom random = new SplittableRandom(1);
    int greatest = model.shape().vocabulary();
    List<Minute> all = new ArrayList<>();
    try (KvPool pool = model.newKvPool(SEQUENCE / 32 + 1)) {
      Batch batch = model.newBatch(1, 1);
      decode(model, pool, batch, random, greatest, new long[0], nanoTime, 0); // compiles
      out.accept(HEADER);
      long[] steps = new long[MOST_STEPS_A_MINUTE];
      while (all.size() < minutes) {
        long start = nanoTime.getAsLong();
        int count = 0;
        while (nanoTime.getAsLong() - start < NANOS_PER_MINUTE
            && count + SEQUENCE <= steps.length) {
          count = decode(model, pool, batch, random, greatest, steps, nanoTime, count);
        }
        double seconds = (nanoTime.getAsLong() - start) / 1e9;
        Minute minute = minute(Arrays.copyOf(steps, count), seconds);
        all.add(minute);
        out.accept(minute.line(all.size()));
      }
    }
    return all;
  }

  /** One sequence; the time of every step goes into {@code steps}, where there is room. */
  private static int decode(
      LanguageModel model,
      KvPool pool,
      Batch batch,
      SplittableRandom random,
      int vocabulary,
      long[] steps,
      LongSupplier nanoTime,
      int count) {
    int next = count;
    try (KvSequence sequence = new KvSequence(pool)) {
      if (!sequence.ensure(SEQUENCE)) {
        throw new EngineException(EngineException.Kind.OUT_OF_MEMORY, "KV pool: no room");
      }
      for (int i = 0; i < SEQUENCE; i++) {
        batch.clear();
        batch.add(sequence, random.nextInt(Math.min(FIRST_ID, vocabulary - 1), vocabulary), true);
        long start = nanoTime.getAsLong();
        model.forward(batch);
        if (next < steps.length) {
          steps[next++] = nanoTime.getAsLong() - start;
        }
      }
    }
    return next;
  }

  private static Minute minute(long[] steps, double seconds) {
    Arrays.sort(steps);
    return new Minute(
        steps.length / seconds,
        steps[steps.length / 2] / 1e6,
        steps[(int) (steps.length * 0.99)] / 1e6,
        steps[steps.length - 1] / 1e6,
        Machine.residentBytes());
  }
}
