package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Attention of several heads over random pieces, on stored pages and by the definition. */
final class StoredAttention {
  private static final int PAGE = Kernels.PAGE_TOKENS;
  private static final int PAGES = Kernels.PIECE_TOKENS / PAGE;

  private final int size;
  private final int heads;
  private final SplittableRandom random;
  private final AttentionState[] expected;
  private final AttentionState[] actual;

  /** Whether one bit differs between the two. */
  boolean flip;

  StoredAttention(int size, int heads, SplittableRandom random) {
    this.size = size;
    this.heads = heads;
    this.random = random;
    expected = new AttentionState[heads];
    actual = new AttentionState[heads + 1];
    actual[0] = new AttentionState(size);
    for (int head = 0; head < heads; head++) {
      expected[head] = new AttentionState(size);
      actual[head + 1] = new AttentionState(size);
    }
  }

  /** Pieces with so many tokens each; the queries begin at index 1. */
  void attend(Kernels tier, float[] query, int[] tokens) {
    long pageBytes = (long) PAGE * size * Short.BYTES;
    Scratch own = tier.scratch(size);
    Scratch scalar = Twins.SCALAR.scratch(size);
    for (int count : tokens) {
      float[] keys = new float[PAGES * PAGE * size];
      float[] values = new float[(PAGES * PAGE + 1) * size];
      long[] keyPages = new long[PAGES];
      long[] valuePages = new long[PAGES];
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(2 * PAGES * pageBytes, 64);
        for (int page = 0; page < PAGES; page++) {
          keyPages[page] = (2L * PAGES - 1 - 2L * page) * pageBytes; // in no particular order
          valuePages[page] = 2L * page * pageBytes;
          for (int t = 0; t < PAGE; t++) {
            boolean seen = page * PAGE + t < count;
            for (int d = 0; d < size; d++) {
              short key = seen ? half() : Float.floatToFloat16(Float.NaN);
              short value = seen ? half() : Float.floatToFloat16(Float.NaN);
              memory.set(JAVA_SHORT, keyPages[page] + 2L * d * PAGE + 2L * t, key);
              memory.set(JAVA_SHORT, valuePages[page] + 2L * t * size + 2L * d, value);
              if (seen) {
                keys[page * PAGE * size + d * PAGE + t] = Float.float16ToFloat(key);
                values[(page * PAGE + t) * size + d] = Float.float16ToFloat(value);
              }
            }
          }
        }
        if (flip) {
          memory.set(
              JAVA_SHORT, valuePages[0], (short) (memory.get(JAVA_SHORT, valuePages[0]) ^ 1));
        }
        tier.attendStored(
            query, 1, heads, 0.125f, memory, keyPages, valuePages, count, actual, 1, own);
      }
      for (int head = 0; head < heads; head++) {
        Twins.SCALAR.attend(
            query, 1 + head * size, 0.125f, keys, values, count, expected[head], scalar);
      }
    }
  }

  private short half() {
    return Float.floatToFloat16((float) random.nextGaussian());
  }

  float[] expected(int head) {
    float[] out = new float[size];
    Twins.SCALAR.finish(expected[head], out, 0);
    return out;
  }

  float[] actual(Kernels tier, int head) {
    float[] out = new float[size];
    tier.finish(actual[head + 1], out, 0);
    return out;
  }
}
