package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Many activation rows times a panel of two tiles. The integer weights are unpacked to floats once
 * and serve all rows; eight rows meet 32 outputs in 16 register sums.
 */
final class VectorPanelKernels {
  static final int PANEL = VectorScratch.PANEL;

  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final VectorSpecies<Byte> B = VectorSpeciesHolder.BYTES;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = F.length();
  private static final int GROUP = VectorActivations.GROUP;
  private static final int BLOCK = Activations.BLOCK;

  private VectorPanelKernels() {}

  /** Unpacks a tile into half a panel: {@code half} is 0 or 1. */
  static void unpack(VectorMatrix w, int tile, int half, VectorScratch scratch) {
    float[] panel = scratch.panel;
    for (int lane = 0; lane < Matrix.TILE; lane += WIDTH) {
      int column = half * Matrix.TILE + lane;
      for (int b = 0; b < w.blocks; b++) {
        long at = tile * w.tileBytes + (long) b * w.blockBytes;
        int to = b * BLOCK * PANEL + column;
        if (w.nibbles) {
          for (int v = 0; v < 4; v++) {
            IntVector x = IntVector.fromMemorySegment(I, w.data, at + v * 64L + lane * 4L, LE);
            ((FloatVector) x.and(15).convert(I2F, 0)).intoArray(panel, to);
            ((FloatVector) x.lanewise(LSHR, 4).and(15).convert(I2F, 0))
                .intoArray(panel, to + PANEL);
            ((FloatVector) x.lanewise(LSHR, 8).and(15).convert(I2F, 0))
                .intoArray(panel, to + 2 * PANEL);
            ((FloatVector) x.lanewise(LSHR, 12).and(15).convert(I2F, 0))
                .intoArray(panel, to + 3 * PANEL);
            ((FloatVector) x.lanewise(LSHR, 16).and(15).convert(I2F, 0))
                .intoArray(panel, to + 4 * PANEL);
            ((FloatVector) x.lanewise(LSHR, 20).and(15).convert(I2F, 0))
                .intoArray(panel, to + 5 * PANEL);
            ((FloatVector) x.lanewise(LSHR, 24).and(15).convert(I2F, 0))
                .intoArray(panel, to + 6 * PANEL);
            ((FloatVector) x.lanewise(LSHR, 28).convert(I2F, 0)).intoArray(panel, to + 7 * PANEL);
            to += 8 * PANEL;
          }
        } else {
          for (int k = 0; k < BLOCK; k++) {
            ByteVector codes =
                ByteVector.fromMemorySegment(B, w.data, at + (long) k * Matrix.TILE + lane, LE);
            ((FloatVector) codes.convertShape(B2F, F, 0)).intoArray(panel, to + k * PANEL);
          }
        }
        scales(w, at + w.codeBytes + lane * 4L, b, column, scratch);
      }
    }
  }

  /** Brings the scales and minima of a block to where the outputs of the panel look for them. */
  static void scales(VectorMatrix w, long at, int b, int column, VectorScratch scratch) {
    if (w.halves) {
      IntVector pair = IntVector.fromMemorySegment(I, w.data, at, LE);
      pair.lanewise(LSHL, 16)
          .lanewise(ASHR, 3)
          .and(VectorRowKernels.HALF_BITS)
          .reinterpretAsFloats()
          .mul(VectorRowKernels.HALF)
          .intoArray(scratch.scales, b * PANEL + column);
      pair.lanewise(ASHR, 3)
          .and(VectorRowKernels.HALF_BITS)
          .reinterpretAsFloats()
          .mul(VectorRowKernels.HALF)
          .intoArray(scratch.minima, b * PANEL + column);
      return;
    }
    for (int g = 0; g < w.groups; g++) {
      FloatVector.fromMemorySegment(F, w.data, at + (long) g * VectorMatrix.SCALES, LE)
          .intoArray(scratch.scales, (b * w.groups + g) * PANEL + column);
    }
    if (w.minimum) {
      FloatVector.fromMemorySegment(F, w.data, at + (long) w.groups * VectorMatrix.SCALES, LE)
          .intoArray(scratch.minima, b * PANEL + column);
    }
  }

  /** Eight rows of activations times the panel: leaves the outputs in {@code scratch.sums}. */
  static void multiply(VectorMatrix w, VectorActivations x, int group, VectorScratch scratch) {
    float[] panel = scratch.panel;
    Arrays.fill(scratch.sums, 0);
    int size = BLOCK / w.groups;
    boolean split = w.split && x.split;
    for (int b = 0; b < w.blocks; b++) {
      int block = (group * w.blocks + b) * GROUP;
      for (int g = 0; g < w.groups; g++) {
        int values = block * BLOCK + g * size;
        int weights = (b * BLOCK + g * size) * PANEL;
        for (int column = 0; column < PANEL; column += 2 * WIDTH) {
          if (split) {
            dots(panel, weights + column, x.upper, values, size, scratch.upperDots, column);
            dots(panel, weights + column, x.lower, values, size, scratch.dots, column);
          } else {
            dots(panel, weights + column, x.q, values, size, scratch.dots, column);
          }
        }
        if (split) {
          join(scratch.upperDots, scratch.dots);
        }
        if (w.center != 0) {
          center(w.center, x.sum, block, scratch.dots);
        }
        int scales = (b * w.groups + g) * PANEL;
        if (w.minimum) {
          foldWithMinima(scratch, scales, b * PANEL, x.scale, x.scaledSum, block);
        } else {
          fold(scratch, scales, x.scale, block);
        }
      }
    }
  }

  /** Puts two parts together: one rounding of the exact integer. */
  private static void join(float[] upper, float[] dots) {
    for (int i = 0; i < GROUP * PANEL; i += WIDTH) {
      FloatVector.fromArray(F, upper, i)
          .fma(FloatVector.broadcast(F, 256f), FloatVector.fromArray(F, dots, i))
          .intoArray(dots, i);
    }
  }

  /** Adds the center's share: exact, both are integers below 2^24 and so is the sum. */
  private static void center(float center, float[] sum, int block, float[] dots) {
    for (int i = 0; i < GROUP * PANEL; i += WIDTH) {
      FloatVector.fromArray(F, dots, i).add(center * sum[block + i / PANEL]).intoArray(dots, i);
    }
  }

  /** Adds block dot products to the running sums of eight rows. */
  private static void fold(VectorScratch scratch, int scales, float[] scale, int block) {
    float[] dots = scratch.dots;
    float[] sums = scratch.sums;
    for (int at = 0; at < PANEL; at += WIDTH) {
      FloatVector d = FloatVector.fromArray(F, scratch.scales, scales + at);
      FloatVector s0 = FloatVector.fromArray(F, dots, at);
      s0 = s0.fma(d.mul(scale[block]), FloatVector.fromArray(F, sums, at));
      s0.intoArray(sums, at);
      FloatVector s1 = FloatVector.fromArray(F, dots, at + PANEL);
      s1 = s1.fma(d.mul(scale[block + 1]), FloatVector.fromArray(F, sums, at + PANEL));
      s1.intoArray(sums, at + PANEL);
      FloatVector s2 = FloatVector.fromArray(F, dots, at + 2 * PANEL);
      s2 = s2.fma(d.mul(scale[block + 2]), FloatVector.fromArray(F, sums, at + 2 * PANEL));
      s2.intoArray(sums, at + 2 * PANEL);
      FloatVector s3 = FloatVector.fromArray(F, dots, at + 3 * PANEL);
      s3 = s3.fma(d.mul(scale[block + 3]), FloatVector.fromArray(F, sums, at + 3 * PANEL));
      s3.intoArray(sums, at + 3 * PANEL);
      FloatVector s4 = FloatVector.fromArray(F, dots, at + 4 * PANEL);
      s4 = s4.fma(d.mul(scale[block + 4]), FloatVector.fromArray(F, sums, at + 4 * PANEL));
      s4.intoArray(sums, at + 4 * PANEL);
      FloatVector s5 = FloatVector.fromArray(F, dots, at + 5 * PANEL);
      s5 = s5.fma(d.mul(scale[block + 5]), FloatVector.fromArray(F, sums, at + 5 * PANEL));
      s5.intoArray(sums, at + 5 * PANEL);
      FloatVector s6 = FloatVector.fromArray(F, dots, at + 6 * PANEL);
      s6 = s6.fma(d.mul(scale[block + 6]), FloatVector.fromArray(F, sums, at + 6 * PANEL));
      s6.intoArray(sums, at + 6 * PANEL);
      FloatVector s7 = FloatVector.fromArray(F, dots, at + 7 * PANEL);
      s7 = s7.fma(d.mul(scale[block + 7]), FloatVector.fromArray(F, sums, at + 7 * PANEL));
      s7.intoArray(sums, at + 7 * PANEL);
    }
  }

  private static void foldWithMinima(
      VectorScratch scratch, int scales, int minima, float[] scale, float[] scaledSum, int block) {
    float[] dots = scratch.dots;
    float[] sums = scratch.sums;
    for (int at = 0; at < PANEL; at += WIDTH) {
      FloatVector d = FloatVector.fromArray(F, scratch.scales, scales + at);
      FloatVector m = FloatVector.fromArray(F, scratch.minima, minima + at);
      FloatVector s0 = FloatVector.fromArray(F, dots, at);
      s0 = s0.fma(d.mul(scale[block]), FloatVector.fromArray(F, sums, at));
      s0 = m.fma(FloatVector.broadcast(F, scaledSum[block]), s0);
      s0.intoArray(sums, at);
      FloatVector s1 = FloatVector.fromArray(F, dots, at + PANEL);
      s1 = s1.fma(d.mul(scale[block + 1]), FloatVector.fromArray(F, sums, at + PANEL));
      s1 = m.fma(FloatVector.broadcast(F, scaledSum[block + 1]), s1);
      s1.intoArray(sums, at + PANEL);
      FloatVector s2 = FloatVector.fromArray(F, dots, at + 2 * PANEL);
      s2 = s2.fma(d.mul(scale[block + 2]), FloatVector.fromArray(F, sums, at + 2 * PANEL));
      s2 = m.fma(FloatVector.broadcast(F, scaledSum[block + 2]), s2);
      s2.intoArray(sums, at + 2 * PANEL);
      FloatVector s3 = FloatVector.fromArray(F, dots, at + 3 * PANEL);
      s3 = s3.fma(d.mul(scale[block + 3]), FloatVector.fromArray(F, sums, at + 3 * PANEL));
      s3 = m.fma(FloatVector.broadcast(F, scaledSum[block + 3]), s3);
      s3.intoArray(sums, at + 3 * PANEL);
      FloatVector s4 = FloatVector.fromArray(F, dots, at + 4 * PANEL);
      s4 = s4.fma(d.mul(scale[block + 4]), FloatVector.fromArray(F, sums, at + 4 * PANEL));
      s4 = m.fma(FloatVector.broadcast(F, scaledSum[block + 4]), s4);
      s4.intoArray(sums, at + 4 * PANEL);
      FloatVector s5 = FloatVector.fromArray(F, dots, at + 5 * PANEL);
      s5 = s5.fma(d.mul(scale[block + 5]), FloatVector.fromArray(F, sums, at + 5 * PANEL));
      s5 = m.fma(FloatVector.broadcast(F, scaledSum[block + 5]), s5);
      s5.intoArray(sums, at + 5 * PANEL);
      FloatVector s6 = FloatVector.fromArray(F, dots, at + 6 * PANEL);
      s6 = s6.fma(d.mul(scale[block + 6]), FloatVector.fromArray(F, sums, at + 6 * PANEL));
      s6 = m.fma(FloatVector.broadcast(F, scaledSum[block + 6]), s6);
      s6.intoArray(sums, at + 6 * PANEL);
      FloatVector s7 = FloatVector.fromArray(F, dots, at + 7 * PANEL);
      s7 = s7.fma(d.mul(scale[block + 7]), FloatVector.fromArray(F, sums, at + 7 * PANEL));
      s7 = m.fma(FloatVector.broadcast(F, scaledSum[block + 7]), s7);
      s7.intoArray(sums, at + 7 * PANEL);
    }
  }

  /** The exact dot products of eight rows and two vectors of outputs over {@code count} columns. */
  private static void dots(
      float[] panel, int from, float[] q, int values, int count, float[] out, int at) {
    int w = from;
    int x = values;
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector b4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector b5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector b6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    FloatVector b7 = FloatVector.zero(F);
    for (int k = 0; k < count; k++) {
      FloatVector wa = FloatVector.fromArray(F, panel, w);
      FloatVector wb = FloatVector.fromArray(F, panel, w + WIDTH);
      FloatVector q0 = FloatVector.broadcast(F, q[x]);
      a0 = q0.fma(wa, a0);
      b0 = q0.fma(wb, b0);
      FloatVector q1 = FloatVector.broadcast(F, q[x + BLOCK]);
      a1 = q1.fma(wa, a1);
      b1 = q1.fma(wb, b1);
      FloatVector q2 = FloatVector.broadcast(F, q[x + 2 * BLOCK]);
      a2 = q2.fma(wa, a2);
      b2 = q2.fma(wb, b2);
      FloatVector q3 = FloatVector.broadcast(F, q[x + 3 * BLOCK]);
      a3 = q3.fma(wa, a3);
      b3 = q3.fma(wb, b3);
      FloatVector q4 = FloatVector.broadcast(F, q[x + 4 * BLOCK]);
      a4 = q4.fma(wa, a4);
      b4 = q4.fma(wb, b4);
      FloatVector q5 = FloatVector.broadcast(F, q[x + 5 * BLOCK]);
      a5 = q5.fma(wa, a5);
      b5 = q5.fma(wb, b5);
      FloatVector q6 = FloatVector.broadcast(F, q[x + 6 * BLOCK]);
      a6 = q6.fma(wa, a6);
      b6 = q6.fma(wb, b6);
      FloatVector q7 = FloatVector.broadcast(F, q[x + 7 * BLOCK]);
      a7 = q7.fma(wa, a7);
      b7 = q7.fma(wb, b7);
      w += PANEL;
      x++;
    }
    a0.intoArray(out, at);
    b0.intoArray(out, at + WIDTH);
    a1.intoArray(out, at + PANEL);
    b1.intoArray(out, at + PANEL + WIDTH);
    a2.intoArray(out, at + 2 * PANEL);
    b2.intoArray(out, at + 2 * PANEL + WIDTH);
    a3.intoArray(out, at + 3 * PANEL);
    b3.intoArray(out, at + 3 * PANEL + WIDTH);
    a4.intoArray(out, at + 4 * PANEL);
    b4.intoArray(out, at + 4 * PANEL + WIDTH);
    a5.intoArray(out, at + 5 * PANEL);
    b5.intoArray(out, at + 5 * PANEL + WIDTH);
    a6.intoArray(out, at + 6 * PANEL);
    b6.intoArray(out, at + 6 * PANEL + WIDTH);
    a7.intoArray(out, at + 7 * PANEL);
    b7.intoArray(out, at + 7 * PANEL + WIDTH);
  }
}
