package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.nio.ByteOrder;
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
            floats(x.and(15)).intoArray(panel, to);
            floats(x.lanewise(LSHR, 4).and(15)).intoArray(panel, to + PANEL);
            floats(x.lanewise(LSHR, 8).and(15)).intoArray(panel, to + 2 * PANEL);
            floats(x.lanewise(LSHR, 12).and(15)).intoArray(panel, to + 3 * PANEL);
            floats(x.lanewise(LSHR, 16).and(15)).intoArray(panel, to + 4 * PANEL);
            floats(x.lanewise(LSHR, 20).and(15)).intoArray(panel, to + 5 * PANEL);
            floats(x.lanewise(LSHR, 24).and(15)).intoArray(panel, to + 6 * PANEL);
            floats(x.lanewise(LSHR, 28)).intoArray(panel, to + 7 * PANEL);
            to += 8 * PANEL;
          }
        } else {
          for (int k = 0; k < BLOCK; k++) {
            ByteVector codes =
                ByteVector.fromMemorySegment(B, w.data, at + (long) k * Matrix.TILE + lane, LE);
            ((FloatVector) codes.convertShape(B2F, F, 0)).intoArray(panel, to + k * PANEL);
          }
        }
        long scales = at + w.codeBytes + lane * 4L;
        for (int g = 0; g < w.groups; g++) {
          FloatVector.fromMemorySegment(F, w.data, scales + (long) g * VectorMatrix.SCALES, LE)
              .intoArray(scratch.scales, (b * w.groups + g) * PANEL + column);
        }
        if (w.minimum) {
          FloatVector.fromMemorySegment(
                  F, w.data, scales + (long) w.groups * VectorMatrix.SCALES, LE)
              .intoArray(scratch.minima, b * PANEL + column);
        }
      }
    }
  }

  private static FloatVector floats(IntVector x) {
    return (FloatVector) x.convert(I2F, 0);
  }

  /** Eight rows of activations times the panel: leaves the outputs in {@code scratch.sums}. */
  static void multiply(VectorMatrix w, VectorActivations x, int group, VectorScratch scratch) {
    java.util.Arrays.fill(scratch.sums, 0);
    int size = BLOCK / w.groups;
    boolean split = w.split && x.split;
    for (int b = 0; b < w.blocks; b++) {
      int block = (group * w.blocks + b) * GROUP;
      for (int g = 0; g < w.groups; g++) {
        int k = b * BLOCK + g * size;
        int values = (group * x.cols() + k) * GROUP;
        for (int column = 0; column < PANEL; column += 2 * WIDTH) {
          if (split) {
            dots(scratch.panel, k * PANEL + column, x.high, values, size, scratch.highDots, column);
            dots(scratch.panel, k * PANEL + column, x.low, values, size, scratch.dots, column);
          } else {
            dots(scratch.panel, k * PANEL + column, x.q, values, size, scratch.dots, column);
          }
        }
        if (split) {
          join(scratch.highDots, scratch.dots);
        }
        int scales = (b * w.groups + g) * PANEL;
        fold(scratch, scales, x, block, w.center, w.minimum && g == w.groups - 1, b * PANEL);
      }
    }
  }

  /** Puts two halves together: one rounding of the exact integer. */
  private static void join(float[] high, float[] dots) {
    for (int i = 0; i < dots.length; i += WIDTH) {
      FloatVector.fromArray(F, high, i)
          .fma(FloatVector.broadcast(F, 256f), FloatVector.fromArray(F, dots, i))
          .intoArray(dots, i);
    }
  }

  /** Adds block dot products to the running sums. */
  private static void fold(
      VectorScratch scratch,
      int scales,
      VectorActivations x,
      int block,
      float center,
      boolean minimum,
      int minima) {
    float[] dots = scratch.dots;
    float[] sums = scratch.sums;
    for (int column = 0; column < PANEL; column += WIDTH) {
      FloatVector d = FloatVector.fromArray(F, scratch.scales, scales + column);
      FloatVector m = FloatVector.fromArray(F, scratch.minima, minima + column);
      for (int r = 0; r < GROUP; r++) {
        int at = r * PANEL + column;
        FloatVector dot = FloatVector.fromArray(F, dots, at);
        FloatVector acc = FloatVector.fromArray(F, sums, at);
        dot = FloatVector.broadcast(F, x.sum[block + r]).fma(FloatVector.broadcast(F, center), dot);
        acc = dot.fma(d.mul(x.scale[block + r]), acc);
        if (minimum) {
          acc = m.fma(FloatVector.broadcast(F, x.scaledSum[block + r]), acc);
        }
        acc.intoArray(sums, at);
      }
    }
  }

  /** The exact dot products of eight rows and two vectors of outputs over {@code count} columns. */
  private static void dots(float[] panel, int w, float[] q, int x, int count, float[] out, int at) {
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
      FloatVector q0 = FloatVector.broadcast(F, q[x + 0]);
      a0 = q0.fma(wa, a0);
      b0 = q0.fma(wb, b0);
      FloatVector q1 = FloatVector.broadcast(F, q[x + 1]);
      a1 = q1.fma(wa, a1);
      b1 = q1.fma(wb, b1);
      FloatVector q2 = FloatVector.broadcast(F, q[x + 2]);
      a2 = q2.fma(wa, a2);
      b2 = q2.fma(wb, b2);
      FloatVector q3 = FloatVector.broadcast(F, q[x + 3]);
      a3 = q3.fma(wa, a3);
      b3 = q3.fma(wb, b3);
      FloatVector q4 = FloatVector.broadcast(F, q[x + 4]);
      a4 = q4.fma(wa, a4);
      b4 = q4.fma(wb, b4);
      FloatVector q5 = FloatVector.broadcast(F, q[x + 5]);
      a5 = q5.fma(wa, a5);
      b5 = q5.fma(wb, b5);
      FloatVector q6 = FloatVector.broadcast(F, q[x + 6]);
      a6 = q6.fma(wa, a6);
      b6 = q6.fma(wb, b6);
      FloatVector q7 = FloatVector.broadcast(F, q[x + 7]);
      a7 = q7.fma(wa, a7);
      b7 = q7.fma(wb, b7);
      w += PANEL;
      x += GROUP;
    }
    a0.intoArray(out, at + 0 * PANEL);
    b0.intoArray(out, at + 0 * PANEL + WIDTH);
    a1.intoArray(out, at + 1 * PANEL);
    b1.intoArray(out, at + 1 * PANEL + WIDTH);
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
