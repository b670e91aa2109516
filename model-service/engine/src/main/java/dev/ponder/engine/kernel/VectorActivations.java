package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations quantised to integers that are held as floats, because block dot products are formed
 * by FMA on integer-valued floats: exact below 2^24. One row lies plainly. Several lie in groups of
 * eight, block by block, for the kernel that shares a weight among eight rows: [group][block][row]
 * for scales and [group][block][row][BLOCK] for values.
 */
final class VectorActivations extends Activations {
  static final int GROUP = 8;

  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final int WIDTH = F.length();

  /**
   * What a nibble's place in its word is worth: the kernel for one row masks nibbles in place,
   * where nibble j counts 16^j, and shifts only the last one down.
   */
  private static final float[] PLACES = {
    1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1,
    1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1
  };

  private final int greatest;
  private final int blocks;

  /** Whether upper and lower parts are kept. */
  final boolean split;

  /**
   * The rows as they came, for float weights, padded with zeros to whole lanes; empty when no
   * consumer wants them.
   */
  final float[][] x;

  /** Quantised values. */
  final float[] q;

  /** The values of a single row, each divided by what its nibble's place is worth: exact. */
  final float[] placed;

  /**
   * Values of 8 bits, two in a word, for the kernels that multiply in shorts: word 4v + j of a
   * block holds values 8v + j and, above, 8v + 4 + j. Empty with 16 bits, where {@link #placed}
   * serves a single row and {@link #q} several.
   */
  final int[] pairs;

  /** Upper and lower parts, q = 256 upper + lower, for products that need more than 24 bits. */
  final float[] upper;

  final float[] lower;

  /** Per block: dx, the sum of q, and dx times the sum. */
  final float[] scale;

  final float[] sum;
  final float[] scaledSum;

  VectorActivations(
      int capacity,
      int cols,
      ActivationPrecision precision,
      boolean quantised,
      boolean floats,
      boolean split) {
    super(capacity, cols);
    greatest = precision.greatest();
    blocks = quantised ? cols / BLOCK : 0;
    this.split = split;
    int room = capacity == 1 ? 1 : (capacity + GROUP - 1) / GROUP * GROUP;
    x =
        floats
            ? new float[capacity][(cols + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT]
            : new float[0][];
    q = new float[room * blocks * BLOCK];
    boolean bytes = precision == ActivationPrecision.BITS8;
    placed = new float[bytes ? 0 : blocks * BLOCK];
    pairs = new int[bytes ? room * blocks * BLOCK / 2 : 0];
    upper = split ? new float[q.length] : new float[0];
    lower = split ? new float[q.length] : new float[0];
    scale = new float[room * blocks];
    sum = new float[room * blocks];
    scaledSum = new float[room * blocks];
  }

  /** Where a block of a row has its scale, and times BLOCK its values. */
  private int blockAt(int row, int block) {
    return rows() == 1 ? block : (row / GROUP * blocks + block) * GROUP + row % GROUP;
  }

  @Override
  public void set(int row, float[] from, int begin, int end) {
    if (x.length > 0) {
      System.arraycopy(from, begin, x[row], begin, end - begin);
    }
    if (blocks > 0) {
      for (int at = begin; at < end; at += BLOCK) {
        quantise(from, at, blockAt(row, at / BLOCK));
      }
    }
  }

  private void quantise(float[] from, int begin, int block) {
    int at = block * BLOCK;
    IntVector bits = IntVector.zero(I);
    for (int i = 0; i < BLOCK; i += WIDTH) {
      IntVector magnitudes = FloatVector.fromArray(F, from, begin + i).reinterpretAsInts();
      bits = bits.max(magnitudes.and(0x7FFFFFFF));
    }
    float amax = Float.intBitsToFloat(bits.reduceLanes(MAX));
    float dx = Float.isFinite(amax) ? amax / greatest : Float.NaN;
    if (dx > 0) {
      round(from, begin, dx, at);
    } else {
      Arrays.fill(q, at, at + BLOCK, 0);
    }
    FloatVector totals = FloatVector.fromArray(F, q, at);
    for (int i = WIDTH; i < BLOCK; i += WIDTH) {
      totals = totals.add(FloatVector.fromArray(F, q, at + i)); // exact in any order
    }
    scale[block] = dx;
    sum[block] = totals.reduceLanes(ADD) + 0f; // the sum of integers has no negative zero
    scaledSum[block] = dx * sum[block];
    if (split) {
      split(at);
    }
    if (pairs.length > 0) {
      pair(at);
    } else if (rows() == 1) {
      for (int i = 0; i < BLOCK; i += WIDTH) {
        FloatVector places = FloatVector.fromArray(F, PLACES, i % 8);
        FloatVector.fromArray(F, q, at + i).mul(places).intoArray(placed, at + i);
      }
    }
  }

  private void pair(int at) {
    for (int v = 0; v < BLOCK / 8; v++) {
      for (int j = 0; j < 4; j++) {
        int low = (int) q[at + 8 * v + j];
        int high = (int) q[at + 8 * v + 4 + j];
        pairs[at / 2 + 4 * v + j] = (low & 0xFFFF) | (high << 16);
      }
    }
  }

  private void round(float[] from, int begin, float dx, int at) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
      FloatVector ratio = FloatVector.fromArray(F, from, begin + i).div(dx);
      ratio = ratio.blend(greatest, ratio.compare(GT, greatest));
      ratio = ratio.blend(-greatest, ratio.compare(LT, -greatest));
      ratio.add(Exp.ROUNDER).sub(Exp.ROUNDER).intoArray(q, at + i);
    }
  }

  /**
   * Any split into parts of at most 8 bits and a sign serves: the product is put together exactly.
   */
  private void split(int at) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
      FloatVector value = FloatVector.fromArray(F, q, at + i);
      FloatVector high = value.mul(0x1p-8f).add(Exp.ROUNDER).sub(Exp.ROUNDER);
      high.intoArray(upper, at + i);
      high.fma(FloatVector.broadcast(F, -256f), value).intoArray(lower, at + i);
    }
  }
}
