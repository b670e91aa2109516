package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations quantised to integers that are held as floats, because block dot products are formed
 * by FMA on integer-valued floats: exact below 2^24. One row lies plainly; several are interleaved
 * in groups of eight, value by value and scale by scale, for the kernels that share a weight among
 * eight rows.
 */
final class VectorActivations extends Activations {
  static final int GROUP = 8;
  static final float ROUNDER = Exp.ROUNDER;

  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final int WIDTH = F.length();

  private final int greatest;
  private final int blocks;

  /** Whether upper and lower parts are kept. */
  final boolean split;

  /** The rows as they came, for float weights; empty when no consumer wants them. */
  final float[][] x;

  /** Quantised values, and for one row also times 16^-(k mod 8), which saves nibbles a shift. */
  final float[] q;

  final float[] nibble;

  /**
   * Upper and lower parts, q = 256 high + low, for formats whose products need more than 24 bits.
   */
  final float[] high;

  final float[] low;

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
    int room = capacity == 1 ? 1 : (capacity + GROUP - 1) / GROUP * GROUP;
    x = floats ? new float[capacity][cols] : new float[0][];
    q = new float[room * blocks * BLOCK];
    nibble = new float[blocks * BLOCK];
    this.split = split;
    high = split ? new float[q.length] : new float[0];
    low = split ? new float[q.length] : new float[0];
    scale = new float[room * blocks];
    sum = new float[room * blocks];
    scaledSum = new float[room * blocks];
  }

  /** Where value k of a row lies; the row's next value follows after {@link #stride}. */
  int valueAt(int row, int k) {
    return rows() == 1 ? k : (row / GROUP * cols() + k) * GROUP + row % GROUP;
  }

  /** Where the scale of a block of a row lies. */
  int blockAt(int row, int block) {
    return rows() == 1 ? block : (row / GROUP * blocks + block) * GROUP + row % GROUP;
  }

  int stride() {
    return rows() == 1 ? 1 : GROUP;
  }

  @Override
  public void set(int row, float[] from, int begin, int end) {
    if (x.length > 0) {
      System.arraycopy(from, begin, x[row], begin, end - begin);
    }
    if (blocks > 0) {
      for (int at = begin; at < end; at += BLOCK) {
        quantise(row, from, at);
      }
    }
  }

  private void quantise(int row, float[] from, int begin) {
    IntVector bits = IntVector.zero(I);
    for (int i = 0; i < BLOCK; i += WIDTH) {
      bits =
          bits.max(FloatVector.fromArray(F, from, begin + i).reinterpretAsInts().and(0x7FFFFFFF));
    }
    float amax = Float.intBitsToFloat(bits.reduceLanes(jdk.incubator.vector.VectorOperators.MAX));
    float dx = Float.isFinite(amax) ? amax / greatest : Float.NaN;
    int at = valueAt(row, begin);
    int step = stride();
    int total = 0;
    if (dx > 0) {
      float[] rounded = q;
      int to = at;
      if (step == 1) {
        for (int i = 0; i < BLOCK; i += WIDTH) {
          round(from, begin + i, dx).intoArray(rounded, to + i);
        }
        for (int i = 0; i < BLOCK; i++) {
          total += (int) q[at + i];
        }
      } else {
        for (int i = 0; i < BLOCK; i++) {
          float ratio = from[begin + i] / dx;
          ratio = ratio > greatest ? greatest : ratio;
          ratio = ratio < -greatest ? -greatest : ratio;
          float value = ratio + ROUNDER - ROUNDER;
          q[at + i * GROUP] = value;
          total += (int) value;
        }
      }
    } else {
      for (int i = 0; i < BLOCK; i++) {
        q[at + i * step] = 0;
      }
    }
    int block = blockAt(row, begin / BLOCK);
    scale[block] = dx;
    sum[block] = total;
    scaledSum[block] = dx * (float) total;
    if (split) {
      for (int i = 0; i < BLOCK; i++) {
        float value = q[at + i * step];
        float upper = value * 0x1p-8f + ROUNDER - ROUNDER;
        high[at + i * step] = upper;
        low[at + i * step] = Math.fma(upper, -256f, value);
      }
    }
    if (step == 1) {
      for (int i = 0; i < BLOCK; i++) {
        nibble[at + i] = q[at + i] * NIBBLE[i & 7];
      }
    }
  }

  /** Nibble j of a word is masked in place, where it counts 16^j; the last one is shifted down. */
  private static final float[] NIBBLE = {
    1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1
  };

  private FloatVector round(float[] from, int at, float dx) {
    FloatVector ratio = FloatVector.fromArray(F, from, at).div(dx);
    VectorMask<Float> above = ratio.compare(GT, greatest);
    ratio = ratio.blend(greatest, above);
    ratio = ratio.blend(-greatest, ratio.compare(LT, -greatest));
    return ratio.add(ROUNDER).sub(ROUNDER);
  }
}
