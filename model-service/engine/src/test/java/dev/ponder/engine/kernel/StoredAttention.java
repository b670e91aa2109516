package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Attention of several rows and heads over random pieces, on stored pages and by the definition.
 */
final class StoredAttention {
  private static final int PAGE = Kernels.PAGE_TOKENS;
  private static final int PAGES = Kernels.PIECE_TOKENS / PAGE;

  private final int size;
  private final int rows;
  private final int heads;
  private final KvType type;
  private final SplittableRandom random;
  private final AttentionState[] expected;
  private final AttentionState[] actual;

  /** How the pieces meet: in one state as they come, or each in its own, joined afterwards. */
  enum Joined {
    AS_THEY_COME,
    ASCENDING,
    DESCENDING
  }

  Joined joined = Joined.AS_THEY_COME;

  /** Whether one bit differs between the two. */
  boolean flip;

  StoredAttention(int size, int rows, int heads, KvType type, SplittableRandom random) {
    this.size = size;
    this.rows = rows;
    this.heads = heads;
    this.type = type;
    this.random = random;
    expected = states(rows * heads);
    actual = states(rows * heads + 1);
  }

  private AttentionState[] states(int count) {
    AttentionState[] states = new AttentionState[count];
    Arrays.setAll(states, i -> new AttentionState(size));
    return states;
  }

  /** Returns queries for {@link #attend}. */
  float[][] queries(Twins.Input input) {
    float[][] queries = new float[rows + 1][];
    for (int row = 0; row <= rows; row++) {
      queries[row] = input.row(heads * size + 2, random);
    }
    return queries;
  }

  /**
   * Pieces of which the last row sees so many tokens each, every row one less than the next, but
   * one at least; the queries begin at row 1 and index 1.
   */
  void attend(Kernels tier, float[][] queries, int[] tokens) {
    long pageBytes = (long) PAGE * type.tokenBytes(size);
    KvCodec codec = tier.codec(size, type);
    Scratch own = tier.scratch(size);
    Scratch scalar = Twins.SCALAR.scratch(size);
    List<AttentionState[]> apart = new ArrayList<>();
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
            float[] key = row(seen);
            float[] value = row(seen);
            if (rows > 1 && page * PAGE + t == count - 1) {
              value[0] = Float.POSITIVE_INFINITY; // for the last row alone
            }
            codec.storeKey(key, 0, memory, keyPages[page], t);
            codec.storeValue(value, 0, memory, valuePages[page], t);
            if (seen) {
              key = StoredForm.floats(key, type);
              for (int d = 0; d < size; d++) {
                keys[page * PAGE * size + d * PAGE + t] = key[d];
              }
              value = StoredForm.floats(value, type);
              System.arraycopy(value, 0, values, (page * PAGE + t) * size, size);
            }
          }
        }
        if (flip) {
          memory.set(JAVA_BYTE, valuePages[0], (byte) (memory.get(JAVA_BYTE, valuePages[0]) ^ 1));
        }
        int[] seen = new int[rows];
        for (int row = 0; row < rows; row++) {
          seen[row] = Math.max(1, count - (rows - 1 - row));
        }
        AttentionState[] states = actual;
        if (joined != Joined.AS_THEY_COME) {
          states = states(actual.length);
          apart.add(states);
        }
        if (tier.attendsStored(size, type)) {
          tier.attendStored(
              queries,
              1,
              rows,
              1,
              heads,
              0.125f,
              type,
              memory,
              keyPages,
              valuePages,
              seen,
              states,
              1,
              own);
        } else {
          float[] loadedKeys = new float[keys.length];
          float[] loadedValues = new float[values.length];
          for (int page = 0; page < PAGES; page++) {
            codec.loadKeys(memory, keyPages[page], loadedKeys, page * PAGE * size);
            codec.loadValues(memory, valuePages[page], loadedValues, page * PAGE * size);
          }
          attendLoaded(tier, queries, loadedKeys, loadedValues, seen, states, 1, own);
        }
        attendLoaded(Twins.SCALAR, queries, keys, values, seen, expected, 0, scalar);
      }
    }
    for (AttentionState[] states : joined == Joined.DESCENDING ? apart.reversed() : apart) {
      for (int i = 0; i < actual.length; i++) {
        actual[i].merge(states[i]);
      }
    }
  }

  private void attendLoaded(
      Kernels tier,
      float[][] queries,
      float[] keys,
      float[] values,
      int[] seen,
      AttentionState[] states,
      int firstState,
      Scratch scratch) {
    tier.attend(
        queries, 1, rows, 1, heads, 0.125f, keys, values, seen, states, firstState, scratch);
  }

  /** A key or value; NaN if nobody may see it. */
  private float[] row(boolean seen) {
    if (seen) {
      return Twins.Input.ORDINARY.row(size, random);
    }
    float[] row = new float[size];
    Arrays.fill(row, Float.NaN);
    return row;
  }

  /** Returns what the definition gives for a head of a row. */
  float[] expected(int row, int head) {
    float[] out = new float[size];
    Twins.SCALAR.finish(expected[row * heads + head], out, 0);
    return out;
  }

  float[] actual(Kernels tier, int row, int head) {
    float[] out = new float[size];
    tier.finish(actual[row * heads + head + 1], out, 0);
    return out;
  }
}
