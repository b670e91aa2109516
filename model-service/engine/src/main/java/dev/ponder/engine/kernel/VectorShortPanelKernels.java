package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Many rows of 8-bit activations times a panel of two tiles of 4-bit weights, in shorts, twice as
 * many lanes as floats have: {@link VectorShortKernels} for eight rows at once, as {@link
 * VectorPanelKernels} does it.
 */
final class VectorShortPanelKernels {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final VectorSpecies<Short> S = VectorSpeciesHolder.SHORTS;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = F.length();
  private static final int PANEL = VectorScratch.PANEL;
  private static final int GROUP = VectorActivations.GROUP;
  private static final int BLOCK = Activations.BLOCK;

  /**
   * Sums in the lower halves of words begin here and so stay positive: sixteen products of at most
   * 15 * 127 are less.
   */
  private static final int BIAS = 0x8000;

  /** What stands for scaled sums where there are no minima. */
  private static final float[] ONES = new float[GROUP];

  static {
    Arrays.fill(ONES, 1);
  }

  private VectorShortPanelKernels() {}

  static boolean serve(VectorMatrix w, VectorActivations x) {
    return w.nibbles && x.pairs.length > 0;
  }

  /** Unpacks a tile into half a panel: {@code half} is 0 or 1. */
  static void unpack(VectorMatrix w, int tile, int half, VectorScratch scratch) {
    short[] shorts = scratch.shorts;
    for (int lane = 0; lane < Matrix.TILE; lane += WIDTH) {
      int column = half * Matrix.TILE + lane;
      for (int b = 0; b < w.blocks; b++) {
        long at = tile * w.tileBytes + (long) b * w.blockBytes;
        int to = b * BLOCK * PANEL + 2 * column;
        for (int v = 0; v < 4; v++) {
          ShortVector codes =
              IntVector.fromMemorySegment(I, w.data, at + v * 64L + lane * 4L, LE)
                  .reinterpretAsShorts();
          codes.and((short) 15).intoArray(shorts, to);
          codes.lanewise(LSHR, 4).and((short) 15).intoArray(shorts, to + 2 * PANEL);
          codes.lanewise(LSHR, 8).and((short) 15).intoArray(shorts, to + 4 * PANEL);
          codes.lanewise(LSHR, 12).intoArray(shorts, to + 6 * PANEL);
          to += 8 * PANEL;
        }
        VectorPanelKernels.scales(w, at + w.codeBytes + lane * 4L, b, column, scratch);
      }
    }
    if (!w.minimum) {
      Arrays.fill(
          scratch.minima, 0, w.blocks * PANEL, -0f); // to add it changes nothing, not even 0
    }
  }

  /** Eight rows of activations times the panel: leaves the outputs in {@code scratch.sums}. */
  static void multiply(VectorMatrix w, VectorActivations x, int group, VectorScratch scratch) {
    Arrays.fill(scratch.sums, 0);
    for (int b = 0; b < w.blocks; b++) {
      int block = (group * w.blocks + b) * GROUP;
      for (int column = 0; column < PANEL; column += 2 * WIDTH) {
        multiply(
            scratch.shorts,
            b * BLOCK * PANEL + 2 * column,
            x.pairs,
            block * (BLOCK / 2),
            w.center,
            x.sum,
            x.scale,
            block,
            w.minimum ? x.scaledSum : ONES,
            w.minimum ? block : 0,
            scratch.scales,
            scratch.minima,
            b * PANEL + column,
            scratch.sums,
            column);
      }
    }
  }

  /** Adds a block of eight rows and two vectors of outputs to their running sums. */
  private static void multiply(
      short[] codes,
      int from,
      int[] pairs,
      int values,
      int center,
      float[] sum,
      float[] scale,
      int block,
      float[] scaledSum,
      int sumAt,
      float[] scales,
      float[] minima,
      int scaleAt,
      float[] out,
      int at) {
    int w = from;
    int x = values;
    ShortVector bias = IntVector.broadcast(I, BIAS).reinterpretAsShorts();
    ShortVector a0 = bias;
    ShortVector b0 = bias;
    ShortVector a1 = bias;
    ShortVector b1 = bias;
    ShortVector a2 = bias;
    ShortVector b2 = bias;
    ShortVector a3 = bias;
    ShortVector b3 = bias;
    ShortVector a4 = bias;
    ShortVector b4 = bias;
    ShortVector a5 = bias;
    ShortVector b5 = bias;
    ShortVector a6 = bias;
    ShortVector b6 = bias;
    ShortVector a7 = bias;
    ShortVector b7 = bias;
    for (int k = 0; k < BLOCK / 2; k++) {
      ShortVector wa = ShortVector.fromArray(S, codes, w);
      ShortVector wb = ShortVector.fromArray(S, codes, w + 2 * WIDTH);
      ShortVector q0 = IntVector.broadcast(I, pairs[x]).reinterpretAsShorts();
      a0 = a0.add(q0.mul(wa));
      b0 = b0.add(q0.mul(wb));
      ShortVector q1 = IntVector.broadcast(I, pairs[x + BLOCK / 2]).reinterpretAsShorts();
      a1 = a1.add(q1.mul(wa));
      b1 = b1.add(q1.mul(wb));
      ShortVector q2 = IntVector.broadcast(I, pairs[x + 2 * BLOCK / 2]).reinterpretAsShorts();
      a2 = a2.add(q2.mul(wa));
      b2 = b2.add(q2.mul(wb));
      ShortVector q3 = IntVector.broadcast(I, pairs[x + 3 * BLOCK / 2]).reinterpretAsShorts();
      a3 = a3.add(q3.mul(wa));
      b3 = b3.add(q3.mul(wb));
      ShortVector q4 = IntVector.broadcast(I, pairs[x + 4 * BLOCK / 2]).reinterpretAsShorts();
      a4 = a4.add(q4.mul(wa));
      b4 = b4.add(q4.mul(wb));
      ShortVector q5 = IntVector.broadcast(I, pairs[x + 5 * BLOCK / 2]).reinterpretAsShorts();
      a5 = a5.add(q5.mul(wa));
      b5 = b5.add(q5.mul(wb));
      ShortVector q6 = IntVector.broadcast(I, pairs[x + 6 * BLOCK / 2]).reinterpretAsShorts();
      a6 = a6.add(q6.mul(wa));
      b6 = b6.add(q6.mul(wb));
      ShortVector q7 = IntVector.broadcast(I, pairs[x + 7 * BLOCK / 2]).reinterpretAsShorts();
      a7 = a7.add(q7.mul(wa));
      b7 = b7.add(q7.mul(wb));
      w += 2 * PANEL;
      x++;
    }
    IntVector low = IntVector.broadcast(I, 0xFFFF);
    FloatVector da = FloatVector.fromArray(F, scales, scaleAt);
    FloatVector db = FloatVector.fromArray(F, scales, scaleAt + WIDTH);
    FloatVector ma = FloatVector.fromArray(F, minima, scaleAt);
    FloatVector mb = FloatVector.fromArray(F, minima, scaleAt + WIDTH);
    float c0 = center * sum[block] - BIAS;
    float d0 = scale[block];
    float m0 = scaledSum[sumAt];
    IntVector a0i = a0.reinterpretAsInts();
    FloatVector a0f =
        ((FloatVector) a0i.lanewise(ASHR, 16).add(a0i.and(low)).convert(I2F, 0)).add(c0);
    a0f = a0f.fma(da.mul(d0), FloatVector.fromArray(F, out, at));
    ma.fma(FloatVector.broadcast(F, m0), a0f).intoArray(out, at);
    IntVector b0i = b0.reinterpretAsInts();
    FloatVector b0f =
        ((FloatVector) b0i.lanewise(ASHR, 16).add(b0i.and(low)).convert(I2F, 0)).add(c0);
    b0f = b0f.fma(db.mul(d0), FloatVector.fromArray(F, out, at + WIDTH));
    mb.fma(FloatVector.broadcast(F, m0), b0f).intoArray(out, at + WIDTH);
    float c1 = center * sum[block + 1] - BIAS;
    float d1 = scale[block + 1];
    float m1 = scaledSum[sumAt + 1];
    IntVector a1i = a1.reinterpretAsInts();
    FloatVector a1f =
        ((FloatVector) a1i.lanewise(ASHR, 16).add(a1i.and(low)).convert(I2F, 0)).add(c1);
    a1f = a1f.fma(da.mul(d1), FloatVector.fromArray(F, out, at + PANEL));
    ma.fma(FloatVector.broadcast(F, m1), a1f).intoArray(out, at + PANEL);
    IntVector b1i = b1.reinterpretAsInts();
    FloatVector b1f =
        ((FloatVector) b1i.lanewise(ASHR, 16).add(b1i.and(low)).convert(I2F, 0)).add(c1);
    b1f = b1f.fma(db.mul(d1), FloatVector.fromArray(F, out, at + PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m1), b1f).intoArray(out, at + PANEL + WIDTH);
    float c2 = center * sum[block + 2] - BIAS;
    float d2 = scale[block + 2];
    float m2 = scaledSum[sumAt + 2];
    IntVector a2i = a2.reinterpretAsInts();
    FloatVector a2f =
        ((FloatVector) a2i.lanewise(ASHR, 16).add(a2i.and(low)).convert(I2F, 0)).add(c2);
    a2f = a2f.fma(da.mul(d2), FloatVector.fromArray(F, out, at + 2 * PANEL));
    ma.fma(FloatVector.broadcast(F, m2), a2f).intoArray(out, at + 2 * PANEL);
    IntVector b2i = b2.reinterpretAsInts();
    FloatVector b2f =
        ((FloatVector) b2i.lanewise(ASHR, 16).add(b2i.and(low)).convert(I2F, 0)).add(c2);
    b2f = b2f.fma(db.mul(d2), FloatVector.fromArray(F, out, at + 2 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m2), b2f).intoArray(out, at + 2 * PANEL + WIDTH);
    float c3 = center * sum[block + 3] - BIAS;
    float d3 = scale[block + 3];
    float m3 = scaledSum[sumAt + 3];
    IntVector a3i = a3.reinterpretAsInts();
    FloatVector a3f =
        ((FloatVector) a3i.lanewise(ASHR, 16).add(a3i.and(low)).convert(I2F, 0)).add(c3);
    a3f = a3f.fma(da.mul(d3), FloatVector.fromArray(F, out, at + 3 * PANEL));
    ma.fma(FloatVector.broadcast(F, m3), a3f).intoArray(out, at + 3 * PANEL);
    IntVector b3i = b3.reinterpretAsInts();
    FloatVector b3f =
        ((FloatVector) b3i.lanewise(ASHR, 16).add(b3i.and(low)).convert(I2F, 0)).add(c3);
    b3f = b3f.fma(db.mul(d3), FloatVector.fromArray(F, out, at + 3 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m3), b3f).intoArray(out, at + 3 * PANEL + WIDTH);
    float c4 = center * sum[block + 4] - BIAS;
    float d4 = scale[block + 4];
    float m4 = scaledSum[sumAt + 4];
    IntVector a4i = a4.reinterpretAsInts();
    FloatVector a4f =
        ((FloatVector) a4i.lanewise(ASHR, 16).add(a4i.and(low)).convert(I2F, 0)).add(c4);
    a4f = a4f.fma(da.mul(d4), FloatVector.fromArray(F, out, at + 4 * PANEL));
    ma.fma(FloatVector.broadcast(F, m4), a4f).intoArray(out, at + 4 * PANEL);
    IntVector b4i = b4.reinterpretAsInts();
    FloatVector b4f =
        ((FloatVector) b4i.lanewise(ASHR, 16).add(b4i.and(low)).convert(I2F, 0)).add(c4);
    b4f = b4f.fma(db.mul(d4), FloatVector.fromArray(F, out, at + 4 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m4), b4f).intoArray(out, at + 4 * PANEL + WIDTH);
    float c5 = center * sum[block + 5] - BIAS;
    float d5 = scale[block + 5];
    float m5 = scaledSum[sumAt + 5];
    IntVector a5i = a5.reinterpretAsInts();
    FloatVector a5f =
        ((FloatVector) a5i.lanewise(ASHR, 16).add(a5i.and(low)).convert(I2F, 0)).add(c5);
    a5f = a5f.fma(da.mul(d5), FloatVector.fromArray(F, out, at + 5 * PANEL));
    ma.fma(FloatVector.broadcast(F, m5), a5f).intoArray(out, at + 5 * PANEL);
    IntVector b5i = b5.reinterpretAsInts();
    FloatVector b5f =
        ((FloatVector) b5i.lanewise(ASHR, 16).add(b5i.and(low)).convert(I2F, 0)).add(c5);
    b5f = b5f.fma(db.mul(d5), FloatVector.fromArray(F, out, at + 5 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m5), b5f).intoArray(out, at + 5 * PANEL + WIDTH);
    float c6 = center * sum[block + 6] - BIAS;
    float d6 = scale[block + 6];
    float m6 = scaledSum[sumAt + 6];
    IntVector a6i = a6.reinterpretAsInts();
    FloatVector a6f =
        ((FloatVector) a6i.lanewise(ASHR, 16).add(a6i.and(low)).convert(I2F, 0)).add(c6);
    a6f = a6f.fma(da.mul(d6), FloatVector.fromArray(F, out, at + 6 * PANEL));
    ma.fma(FloatVector.broadcast(F, m6), a6f).intoArray(out, at + 6 * PANEL);
    IntVector b6i = b6.reinterpretAsInts();
    FloatVector b6f =
        ((FloatVector) b6i.lanewise(ASHR, 16).add(b6i.and(low)).convert(I2F, 0)).add(c6);
    b6f = b6f.fma(db.mul(d6), FloatVector.fromArray(F, out, at + 6 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m6), b6f).intoArray(out, at + 6 * PANEL + WIDTH);
    float c7 = center * sum[block + 7] - BIAS;
    float d7 = scale[block + 7];
    float m7 = scaledSum[sumAt + 7];
    IntVector a7i = a7.reinterpretAsInts();
    FloatVector a7f =
        ((FloatVector) a7i.lanewise(ASHR, 16).add(a7i.and(low)).convert(I2F, 0)).add(c7);
    a7f = a7f.fma(da.mul(d7), FloatVector.fromArray(F, out, at + 7 * PANEL));
    ma.fma(FloatVector.broadcast(F, m7), a7f).intoArray(out, at + 7 * PANEL);
    IntVector b7i = b7.reinterpretAsInts();
    FloatVector b7f =
        ((FloatVector) b7i.lanewise(ASHR, 16).add(b7i.and(low)).convert(I2F, 0)).add(c7);
    b7f = b7f.fma(db.mul(d7), FloatVector.fromArray(F, out, at + 7 * PANEL + WIDTH));
    mb.fma(FloatVector.broadcast(F, m7), b7f).intoArray(out, at + 7 * PANEL + WIDTH);
  }
}
