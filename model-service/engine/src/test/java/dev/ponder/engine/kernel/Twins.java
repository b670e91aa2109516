package dev.ponder.engine.kernel;

import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Runs every kernel of a tier against the scalar definition and tells the first output whose bits
 * differ. NaN equals NaN whatever its payload: which one an addition keeps is the hardware's
 * choice. The main method is for JVMs that were started with another vector width.
 */
final class Twins {
  static final Kernels SCALAR = new ScalarKernels();

  /** Rows and columns; the columns are rounded up to blocks. */
  private static final int[][] SHAPES = {
    {1, 32}, {15, 64}, {16, 96}, {17, 256}, {33, 288}, {48, 512}
  };

  private static final int[] ROWS = {1, 2, 7, 8, 9, 17};

  /** Fewer cases, for JVMs that compile no vectors. */
  private static boolean brief;

  private Twins() {}

  public static void main(String[] args) {
    Kernels vector = new VectorKernels();
    if (!vector.description().equals("vector " + args[0] + " bits")) {
      throw new AssertionError(vector.description());
    }
    long seed = Long.parseLong(args[1]);
    brief = true;
    for (TensorType type : TensorType.values()) {
      check(matrices(vector, type, seed));
    }
    check(functions(vector, seed));
    check(attention(vector, seed));
    for (KvType type : KvType.values()) {
      check(storedAttention(vector, 48, type, seed));
      check(storedAttention(vector, 64, type, seed));
    }
    System.out.println("equal");
  }

  private static void check(@Nullable String difference) {
    if (difference != null) {
      throw new AssertionError(difference);
    }
  }

  /** Returns a description of the first difference, or null. */
  static @Nullable String compare(String what, float[] expected, float[] actual) {
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        return what + " [" + i + "]: " + actual[i] + " (expected: " + expected[i] + ")";
      }
    }
    return null;
  }

  /** How activations may look. */
  enum Input {
    ORDINARY,
    GREATEST,
    ALTERNATING,
    ZERO,
    TINY,
    HUGE,
    WILD,
    NAN,
    INFINITE;

    float[] row(int cols, SplittableRandom random) {
      float[] x = new float[cols];
      for (int k = 0; k < cols; k++) {
        x[k] =
            switch (this) {
              case ORDINARY, NAN, INFINITE -> (float) (random.nextGaussian() * 2);
              case GREATEST -> 1.5f;
              case ALTERNATING -> k % 2 == 0 ? 3f : -3f;
              case ZERO -> k % 3 == 0 ? -0f : 0f;
              case TINY -> (float) random.nextGaussian() * 30 * Float.MIN_VALUE;
              case HUGE -> (float) random.nextGaussian() * 3e37f;
              case WILD -> (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-30, 30)));
            };
      }
      if (this == NAN) {
        x[random.nextInt(cols)] = Float.NaN;
      } else if (this == INFINITE) {
        x[random.nextInt(cols)] = Float.NEGATIVE_INFINITY;
      }
      return x;
    }
  }

  static @Nullable String matrices(Kernels tier, TensorType type, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int[] shape : SHAPES) {
      int block = type.blockSize();
      int cols = block == 1 ? shape[1] - 5 : (shape[1] + block - 1) / block * block;
      for (int pattern = -1; pattern < 3; pattern++) {
        byte[] data = RandomBlocks.of(type, (long) shape[0] * cols, 0.1, random);
        if (pattern >= 0) {
          if (block == 1) {
            continue;
          }
          extremes(type, data, new int[] {0x00, 0xFF, 0x80}[pattern]);
        }
        for (int rows : brief ? new int[] {1, 9} : ROWS) {
          for (ActivationPrecision precision : ActivationPrecision.values()) {
            float[][] x = new float[rows][];
            for (int row = 0; row < rows; row++) {
              Input[] inputs = Input.values();
              x[row] =
                  inputs[(row + random.nextInt(inputs.length)) % inputs.length].row(cols, random);
            }
            boolean biased = random.nextBoolean();
            boolean add = random.nextBoolean();
            float[][] expected =
                multiply(SCALAR, type, data, shape[0], cols, x, precision, biased, add);
            float[][] actual =
                multiply(tier, type, data, shape[0], cols, x, precision, biased, add);
            for (int row = 0; row < rows; row++) {
              String what =
                  "%s %d x %d, row %d of %d, %s, pattern %d, seed %d"
                      .formatted(type, shape[0], cols, row, rows, precision, pattern, seed);
              String difference = compare(what, expected[row], actual[row]);
              if (difference != null) {
                return difference;
              }
            }
          }
        }
      }
    }
    return null;
  }

  /** Overwrites the codes of all blocks, and leaves the scales. */
  private static void extremes(TensorType type, byte[] data, int code) {
    int from =
        switch (type) {
          case Q4_0, Q5_0, Q8_0 -> 2;
          case Q4_1, Q5_1 -> 4;
          case Q4_K, Q5_K -> 16;
          default -> 0;
        };
    int to = type == TensorType.Q6_K ? 192 : type.blockBytes();
    for (int at = 0; at < data.length; at += type.blockBytes()) {
      java.util.Arrays.fill(data, at + from, at + to, (byte) code);
    }
  }

  /** The product in two uneven ranges of tiles, at an offset, on top of what is there or not. */
  static float[][] multiply(
      Kernels tier,
      TensorType type,
      byte[] data,
      int outputs,
      int cols,
      float[][] x,
      ActivationPrecision precision,
      boolean biased,
      boolean add) {
    float[] bias = new float[outputs];
    for (int i = 0; i < outputs; i++) {
      bias[i] = i * 0.37f;
    }
    float[][] y = new float[x.length][outputs + 3];
    for (float[] row : y) {
      java.util.Arrays.fill(row, 0.7f);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(data.length, 64).copyFrom(MemorySegment.ofArray(data));
      Matrix w =
          tier.matrix(
              "test", WeightFormat.of(type), segment, outputs, cols, biased ? bias : null, arena);
      Activations activations = tier.activations(x.length + 2, precision, w);
      activations.rows(x.length);
      for (int row = 0; row < x.length; row++) {
        int half = cols / 64 * 32;
        activations.set(row, x[row], half, cols);
        activations.set(row, x[row], 0, half);
      }
      Scratch scratch = tier.scratch(cols);
      int split = w.tiles() / 3;
      tier.multiply(w, activations, y, 2, add, split, w.tiles(), scratch);
      tier.multiply(w, activations, y, 2, add, 0, split, scratch);
    }
    return y;
  }

  static @Nullable String functions(Kernels tier, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int n : new int[] {1, 15, 16, 17, 100, 576, 577}) {
      for (Input input : Input.values()) {
        float[] x = input.row(n, random);
        float[] gain = Input.ORDINARY.row(n, random);
        float[] expected = new float[n];
        float[] actual = new float[n];
        SCALAR.rmsNorm(x, gain, 1e-5f, expected, SCALAR.scratch(n));
        tier.rmsNorm(x, gain, 1e-5f, actual, tier.scratch(n));
        String difference = compare("rmsNorm " + n + " " + input, expected, actual);
        if (difference != null) {
          return difference + ", seed " + seed;
        }
      }
    }
    float[] arguments = arguments(random);
    float[] expected = arguments.clone();
    float[] actual = arguments.clone();
    int half = arguments.length / 2;
    SCALAR.swiglu(expected, half, 3, half - 2, SCALAR.scratch(100));
    tier.swiglu(actual, half, 3, half - 2, tier.scratch(100));
    String difference = compare("swiglu, seed " + seed, expected, actual);
    if (difference != null) {
      return difference;
    }
    byte[] gates = RandomBlocks.of(TensorType.Q8_0, (long) GATED * GATING, 0.1, random);
    byte[] ups = RandomBlocks.of(TensorType.Q4_1, (long) GATED * GATING, 0.1, random);
    for (TensorType type : new TensorType[] {TensorType.Q4_1, TensorType.F32}) {
      byte[] down = RandomBlocks.of(type, 16L * GATED, 0.1, random);
      for (int rows : new int[] {1, 3, 8, 9, 75}) {
        for (ActivationPrecision precision : ActivationPrecision.values()) {
          for (Input input : Input.values()) {
            float[][] x = new float[rows][];
            for (int row = 0; row < rows; row++) {
              x[row] = input.row(GATING, random);
            }
            difference =
                compare(
                    "gated %s, %d rows, %s, %s, seed %d"
                        .formatted(type, rows, precision, input, seed),
                    gatedProduct(SCALAR, type, down, gates, ups, x, precision),
                    gatedProduct(tier, type, down, gates, ups, x, precision));
            if (difference != null) {
              return difference;
            }
          }
        }
      }
    }
    return null;
  }

  private static final int GATED = 96;

  /** Columns of the matrices that make gates. */
  private static final int GATING = 64;

  /**
   * What a product makes of gated activations, which are computed in two uneven parts, the second
   * first.
   */
  private static float[] gatedProduct(
      Kernels tier,
      TensorType type,
      byte[] down,
      byte[] gates,
      byte[] ups,
      float[][] x,
      ActivationPrecision precision) {
    int rows = x.length;
    float[][] y = new float[rows][16];
    try (Arena arena = Arena.ofConfined()) {
      Matrix gate = matrix(tier, TensorType.Q8_0, gates, GATED, GATING, arena);
      Matrix up = matrix(tier, TensorType.Q4_1, ups, GATED, GATING, arena);
      Matrix w = matrix(tier, type, down, 16, GATED, arena);
      Activations inputs = tier.activations(rows, precision, gate, up);
      inputs.rows(rows);
      for (int row = 0; row < rows; row++) {
        inputs.set(row, x[row], 0, GATING);
      }
      Activations activations = tier.activations(rows, precision, w);
      activations.rows(rows);
      Scratch scratch = tier.scratch(GATED);
      float[][] room = new float[rows][2 * GATED];
      tier.gated(gate, up, inputs, room, activations, 2, 6, scratch);
      tier.gated(gate, up, inputs, room, activations, 0, 2, scratch);
      tier.multiply(w, activations, y, 0, false, 0, 1, scratch);
    }
    float[] all = new float[16 * rows];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(y[row], 0, all, 16 * row, 16);
    }
    return all;
  }

  private static Matrix matrix(
      Kernels tier, TensorType type, byte[] data, int rows, int cols, Arena arena) {
    MemorySegment segment = arena.allocate(data.length, 64).copyFrom(MemorySegment.ofArray(data));
    return tier.matrix("test", WeightFormat.of(type), segment, rows, cols, null, arena);
  }

  /** Gates of every size and sign, the special ones among them, then as many ups. */
  private static float[] arguments(SplittableRandom random) {
    float[] x = new float[40_000];
    float[] special = {
      0f,
      -0f,
      1f,
      88.7f,
      88.8f,
      89f,
      90f,
      -87.3f,
      -87.4f,
      -103.9f,
      -104f,
      -105f,
      Float.MIN_VALUE,
      1e38f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MIN_NORMAL
    };
    for (int i = 0; i < x.length; i++) {
      x[i] = i < special.length ? special[i] : (float) (random.nextGaussian() * 40);
    }
    return x;
  }

  /** Rows that see more tokens the later they are, as in prefill, and rows that see as many. */
  static @Nullable String attention(Kernels tier, long seed) {
    for (int[] shape : new int[][] {{1, 1}, {1, 2}, {1, 3}, {2, 4}, {5, 3}, {20, 1}}) {
      for (int size : new int[] {16, 48, 64, 128, 272}) {
        for (int tokens : new int[] {1, 7, 15, 16, 17, 31, 32, 33, 100, 255, 256}) {
          for (Input input : new Input[] {Input.ORDINARY, Input.WILD, Input.NAN}) {
            for (int later : new int[] {0, 1, 3}) {
              int[] ends = new int[shape[0]];
              for (int row = 0; row < ends.length; row++) {
                ends[row] = Math.max(1, tokens - (ends.length - 1 - row) * later);
              }
              float[] expected = attend(SCALAR, size, ends, shape[1], input, seed, 0);
              float[] actual = attend(tier, size, ends, shape[1], input, seed, Float.NaN);
              String what =
                  "attention of %s heads of %d to %s"
                      .formatted(shape[1], size, Arrays.toString(ends));
              String difference = compare(what, expected, actual);
              if (difference != null) {
                return difference + " " + input + ", seed " + seed;
              }
            }
          }
        }
      }
    }
    return null;
  }

  /**
   * Two pieces or three, joined as they come or apart; what the pages hold behind the last token is
   * NaN, and must not show.
   */
  static @Nullable String storedAttention(Kernels tier, int size, KvType type, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int[] shape : new int[][] {{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 100}, {5, 7}, {20, 3}}) {
      for (int tokens : new int[] {1, 15, 16, 17, 32, 33, 100, 255, 256}) {
        int rows = shape[0];
        int heads = shape[1];
        Input input = Input.values()[random.nextInt(Input.values().length)];
        StoredAttention stored = new StoredAttention(size, rows, heads, type, random);
        boolean apart = random.nextBoolean();
        if (apart) {
          stored.joined = StoredAttention.Joined.ASCENDING;
        }
        int[] pieces = apart ? new int[] {256, 256, tokens} : new int[] {256, tokens};
        stored.attend(tier, stored.queries(input), pieces);
        for (int i = 0; i < rows * heads; i++) {
          String what =
              "%d rows, %d heads of %d, %s, %d tokens, %s, apart %s, head %d, seed %d"
                  .formatted(rows, heads, size, type, tokens, input, apart, i, seed);
          float[] expected = stored.expected(i / heads, i % heads);
          String difference = compare(what, expected, stored.actual(tier, i / heads, i % heads));
          if (difference != null) {
            return difference;
          }
        }
      }
    }
    return null;
  }

  /** Three pieces, each alone, then joined from the last to the first: not the definition. */
  static @Nullable String descending(Kernels tier, KvType type, long seed) {
    StoredAttention stored = new StoredAttention(64, 1, 3, type, new SplittableRandom(seed));
    stored.joined = StoredAttention.Joined.DESCENDING;
    stored.attend(tier, stored.queries(Input.ORDINARY), new int[] {256, 256, 100});
    return compare("descending", stored.expected(0, 1), stored.actual(tier, 0, 1));
  }

  /**
   * A full piece, then one of which row r sees {@code ends[r]} tokens; what lies behind the last of
   * them is {@code beyond}. The last token's value is infinite, which shows in the rows that see it
   * alone.
   */
  static float[] attend(
      Kernels tier, int size, int[] ends, int heads, Input input, long seed, float beyond) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] queries = new float[ends.length + 1][];
    for (int row = 1; row < queries.length; row++) {
      queries[row] = input.row(heads * size + 4, random);
    }
    AttentionState[] states = new AttentionState[ends.length * heads + 2];
    Arrays.setAll(states, i -> new AttentionState(size));
    Scratch scratch = tier.scratch(size);
    int[] full = new int[ends.length];
    Arrays.fill(full, Kernels.PIECE_TOKENS);
    for (int piece = 0; piece < 2; piece++) {
      int[] tokens = piece == 0 ? full : ends;
      float[] keys = Input.ORDINARY.row(Kernels.PIECE_TOKENS * size, random);
      float[] values = Input.ORDINARY.row((Kernels.PIECE_TOKENS + 1) * size, random);
      int end = Arrays.stream(tokens).max().orElseThrow();
      values[(end - 1) * size] = piece == 0 ? 1 : Float.POSITIVE_INFINITY;
      for (int d = 0; d < size; d++) {
        values[Kernels.PIECE_TOKENS * size + d] = 0;
        for (int t = end; t < Kernels.PIECE_TOKENS; t++) {
          values[t * size + d] = beyond;
          int page = t / Kernels.PAGE_TOKENS * Kernels.PAGE_TOKENS;
          keys[page * size + d * Kernels.PAGE_TOKENS + t - page] = beyond;
        }
      }
      tier.attend(
          queries, 1, ends.length, 3, heads, 0.125f, keys, values, tokens, states, 2, scratch);
    }
    float[] out = new float[ends.length * heads * size + 1];
    for (int i = 0; i < ends.length * heads; i++) {
      tier.finish(states[i + 2], out, 1 + i * size);
    }
    return out;
  }
}
