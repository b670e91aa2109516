package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One activation row times one tile: a vector lane is an output, an activation is broadcast. The
 * shape of the code is what C2 compiles without boxing: one running offset, short inner loops
 * unrolled by hand, no vector passed to or from a method that might not be inlined, and no branch
 * inside a loop.
 */
final class VectorRowKernels {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final VectorSpecies<Byte> B = VectorSpeciesHolder.BYTES;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int TILE = Matrix.TILE;
  private static final int SCALES = VectorMatrix.SCALES;

  /**
   * A half float shifted to where a float has its exponent and fraction is the same number times
   * 2^-112, subnormal or not; infinities are not, but scales are finite.
   */
  static final float HALF = 0x1p112f;

  /** Sign, exponent and fraction after the shift. */
  static final int HALF_BITS = 0x8FFFE000;

  private VectorRowKernels() {}

  /** Leaves the outputs of lanes {@code [lane, lane + width)} of a tile in {@code out}. */
  static void multiply(VectorMatrix w, int tile, int lane, VectorActivations x, float[] out) {
    long at = tile * w.tileBytes;
    if (w.nibbles && x.pairs.length > 0) {
      if (w.halves) {
        VectorShortKernels.withHalves(w, at + lane * 4L, lane, x, out);
      } else {
        VectorShortKernels.withFloats(w, at + lane * 4L, lane, x, out);
      }
    } else if (w.halves) {
      nibblesWithHalves(w.data, at + lane * 4L, lane, w.blocks, x, out);
    } else if (w.nibbles && w.minimum) {
      nibblesWithMinima(w.data, at + lane * 4L, lane, w.blocks, x, out);
    } else if (w.nibbles) {
      nibbles(w.data, at + lane * 4L, lane, w.blocks, w.center, x, out);
    } else if (w.split && x.split) {
      splitBytes(w, at + lane, lane, x, out);
    } else {
      bytes(w, at + lane, lane, x, out);
    }
  }

  private static void nibblesWithMinima(
      MemorySegment data, long from, int lane, int blocks, VectorActivations x, float[] out) {
    float[] q = x.placed;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    long at = from;
    FloatVector acc = FloatVector.zero(F);
    IntVector m0 = IntVector.broadcast(I, 0xF);
    IntVector m1 = IntVector.broadcast(I, 0xF0);
    IntVector m2 = IntVector.broadcast(I, 0xF00);
    IntVector m3 = IntVector.broadcast(I, 0xF000);
    IntVector m4 = IntVector.broadcast(I, 0xF0000);
    IntVector m5 = IntVector.broadcast(I, 0xF00000);
    IntVector m6 = IntVector.broadcast(I, 0xF000000);
    int k = 0;
    for (int b = 0; b < blocks; b++) {
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = FloatVector.zero(F);
      IntVector w0 = IntVector.fromMemorySegment(I, data, at, LE);
      s0 = ((FloatVector) w0.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k]), s0);
      s1 = ((FloatVector) w0.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 1]), s1);
      s0 = ((FloatVector) w0.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 2]), s0);
      s1 = ((FloatVector) w0.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 3]), s1);
      s0 = ((FloatVector) w0.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 4]), s0);
      s1 = ((FloatVector) w0.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 5]), s1);
      s0 = ((FloatVector) w0.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 6]), s0);
      s1 =
          ((FloatVector) w0.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 7]), s1);
      IntVector w1 = IntVector.fromMemorySegment(I, data, at + 64, LE);
      s0 = ((FloatVector) w1.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 8]), s0);
      s1 = ((FloatVector) w1.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 9]), s1);
      s0 = ((FloatVector) w1.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 10]), s0);
      s1 = ((FloatVector) w1.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 11]), s1);
      s0 = ((FloatVector) w1.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 12]), s0);
      s1 = ((FloatVector) w1.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 13]), s1);
      s0 = ((FloatVector) w1.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 14]), s0);
      s1 =
          ((FloatVector) w1.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 15]), s1);
      IntVector w2 = IntVector.fromMemorySegment(I, data, at + 128, LE);
      s0 = ((FloatVector) w2.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 16]), s0);
      s1 = ((FloatVector) w2.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 17]), s1);
      s0 = ((FloatVector) w2.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 18]), s0);
      s1 = ((FloatVector) w2.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 19]), s1);
      s0 = ((FloatVector) w2.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 20]), s0);
      s1 = ((FloatVector) w2.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 21]), s1);
      s0 = ((FloatVector) w2.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 22]), s0);
      s1 =
          ((FloatVector) w2.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 23]), s1);
      IntVector w3 = IntVector.fromMemorySegment(I, data, at + 192, LE);
      s0 = ((FloatVector) w3.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 24]), s0);
      s1 = ((FloatVector) w3.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 25]), s1);
      s0 = ((FloatVector) w3.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 26]), s0);
      s1 = ((FloatVector) w3.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 27]), s1);
      s0 = ((FloatVector) w3.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 28]), s0);
      s1 = ((FloatVector) w3.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 29]), s1);
      s0 = ((FloatVector) w3.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 30]), s0);
      s1 =
          ((FloatVector) w3.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 31]), s1);
      at += 256;
      k += 32;
      FloatVector d = FloatVector.fromMemorySegment(F, data, at, LE);
      acc = s0.add(s1).fma(d.mul(scale[b]), acc);
      FloatVector m = FloatVector.fromMemorySegment(F, data, at + SCALES, LE);
      acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      at += 2 * SCALES;
    }
    acc.intoArray(out, lane);
  }

  private static void nibblesWithHalves(
      MemorySegment data, long from, int lane, int blocks, VectorActivations x, float[] out) {
    float[] q = x.placed;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    long at = from;
    FloatVector acc = FloatVector.zero(F);
    IntVector m0 = IntVector.broadcast(I, 0xF);
    IntVector m1 = IntVector.broadcast(I, 0xF0);
    IntVector m2 = IntVector.broadcast(I, 0xF00);
    IntVector m3 = IntVector.broadcast(I, 0xF000);
    IntVector m4 = IntVector.broadcast(I, 0xF0000);
    IntVector m5 = IntVector.broadcast(I, 0xF00000);
    IntVector m6 = IntVector.broadcast(I, 0xF000000);
    IntVector half = IntVector.broadcast(I, HALF_BITS);
    int k = 0;
    for (int b = 0; b < blocks; b++) {
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = FloatVector.zero(F);
      IntVector w0 = IntVector.fromMemorySegment(I, data, at, LE);
      s0 = ((FloatVector) w0.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k]), s0);
      s1 = ((FloatVector) w0.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 1]), s1);
      s0 = ((FloatVector) w0.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 2]), s0);
      s1 = ((FloatVector) w0.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 3]), s1);
      s0 = ((FloatVector) w0.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 4]), s0);
      s1 = ((FloatVector) w0.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 5]), s1);
      s0 = ((FloatVector) w0.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 6]), s0);
      s1 =
          ((FloatVector) w0.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 7]), s1);
      IntVector w1 = IntVector.fromMemorySegment(I, data, at + 64, LE);
      s0 = ((FloatVector) w1.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 8]), s0);
      s1 = ((FloatVector) w1.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 9]), s1);
      s0 = ((FloatVector) w1.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 10]), s0);
      s1 = ((FloatVector) w1.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 11]), s1);
      s0 = ((FloatVector) w1.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 12]), s0);
      s1 = ((FloatVector) w1.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 13]), s1);
      s0 = ((FloatVector) w1.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 14]), s0);
      s1 =
          ((FloatVector) w1.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 15]), s1);
      IntVector w2 = IntVector.fromMemorySegment(I, data, at + 128, LE);
      s0 = ((FloatVector) w2.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 16]), s0);
      s1 = ((FloatVector) w2.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 17]), s1);
      s0 = ((FloatVector) w2.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 18]), s0);
      s1 = ((FloatVector) w2.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 19]), s1);
      s0 = ((FloatVector) w2.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 20]), s0);
      s1 = ((FloatVector) w2.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 21]), s1);
      s0 = ((FloatVector) w2.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 22]), s0);
      s1 =
          ((FloatVector) w2.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 23]), s1);
      IntVector w3 = IntVector.fromMemorySegment(I, data, at + 192, LE);
      s0 = ((FloatVector) w3.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 24]), s0);
      s1 = ((FloatVector) w3.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 25]), s1);
      s0 = ((FloatVector) w3.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 26]), s0);
      s1 = ((FloatVector) w3.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 27]), s1);
      s0 = ((FloatVector) w3.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 28]), s0);
      s1 = ((FloatVector) w3.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 29]), s1);
      s0 = ((FloatVector) w3.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 30]), s0);
      s1 =
          ((FloatVector) w3.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 31]), s1);
      at += 256;
      k += 32;
      IntVector pair = IntVector.fromMemorySegment(I, data, at, LE);
      FloatVector d =
          pair.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(HALF);
      acc = s0.add(s1).fma(d.mul(scale[b]), acc);
      FloatVector m = pair.lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(HALF);
      acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      at += SCALES;
    }
    acc.intoArray(out, lane);
  }

  /**
   * Apart from the one with minima because of its speed: a loop over no or one minima costs 2 to
   * 12% here. The sum starts with the center's share, which keeps every partial sum below 2^24: it
   * is the sum of centered products so far and of center times the activations to come.
   */
  private static void nibbles(
      MemorySegment data,
      long from,
      int lane,
      int blocks,
      float center,
      VectorActivations x,
      float[] out) {
    float[] q = x.placed;
    float[] scale = x.scale;
    float[] sum = x.sum;
    long at = from;
    FloatVector acc = FloatVector.zero(F);
    IntVector m0 = IntVector.broadcast(I, 0xF);
    IntVector m1 = IntVector.broadcast(I, 0xF0);
    IntVector m2 = IntVector.broadcast(I, 0xF00);
    IntVector m3 = IntVector.broadcast(I, 0xF000);
    IntVector m4 = IntVector.broadcast(I, 0xF0000);
    IntVector m5 = IntVector.broadcast(I, 0xF00000);
    IntVector m6 = IntVector.broadcast(I, 0xF000000);
    int k = 0;
    for (int b = 0; b < blocks; b++) {
      FloatVector s0 = FloatVector.broadcast(F, center * sum[b] + 0f);
      FloatVector s1 = FloatVector.zero(F);
      IntVector w0 = IntVector.fromMemorySegment(I, data, at, LE);
      s0 = ((FloatVector) w0.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k]), s0);
      s1 = ((FloatVector) w0.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 1]), s1);
      s0 = ((FloatVector) w0.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 2]), s0);
      s1 = ((FloatVector) w0.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 3]), s1);
      s0 = ((FloatVector) w0.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 4]), s0);
      s1 = ((FloatVector) w0.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 5]), s1);
      s0 = ((FloatVector) w0.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 6]), s0);
      s1 =
          ((FloatVector) w0.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 7]), s1);
      IntVector w1 = IntVector.fromMemorySegment(I, data, at + 64, LE);
      s0 = ((FloatVector) w1.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 8]), s0);
      s1 = ((FloatVector) w1.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 9]), s1);
      s0 = ((FloatVector) w1.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 10]), s0);
      s1 = ((FloatVector) w1.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 11]), s1);
      s0 = ((FloatVector) w1.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 12]), s0);
      s1 = ((FloatVector) w1.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 13]), s1);
      s0 = ((FloatVector) w1.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 14]), s0);
      s1 =
          ((FloatVector) w1.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 15]), s1);
      IntVector w2 = IntVector.fromMemorySegment(I, data, at + 128, LE);
      s0 = ((FloatVector) w2.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 16]), s0);
      s1 = ((FloatVector) w2.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 17]), s1);
      s0 = ((FloatVector) w2.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 18]), s0);
      s1 = ((FloatVector) w2.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 19]), s1);
      s0 = ((FloatVector) w2.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 20]), s0);
      s1 = ((FloatVector) w2.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 21]), s1);
      s0 = ((FloatVector) w2.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 22]), s0);
      s1 =
          ((FloatVector) w2.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 23]), s1);
      IntVector w3 = IntVector.fromMemorySegment(I, data, at + 192, LE);
      s0 = ((FloatVector) w3.and(m0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 24]), s0);
      s1 = ((FloatVector) w3.and(m1).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 25]), s1);
      s0 = ((FloatVector) w3.and(m2).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 26]), s0);
      s1 = ((FloatVector) w3.and(m3).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 27]), s1);
      s0 = ((FloatVector) w3.and(m4).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 28]), s0);
      s1 = ((FloatVector) w3.and(m5).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 29]), s1);
      s0 = ((FloatVector) w3.and(m6).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 30]), s0);
      s1 =
          ((FloatVector) w3.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 31]), s1);
      at += 256;
      k += 32;
      FloatVector d = FloatVector.fromMemorySegment(F, data, at, LE);
      acc = s0.add(s1).fma(d.mul(scale[b]), acc);
      at += SCALES;
    }
    acc.intoArray(out, lane);
  }

  private static void bytes(VectorMatrix w, long from, int lane, VectorActivations x, float[] out) {
    MemorySegment data = w.data;
    float[] q = x.q;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    int groups = w.groups;
    int size = Activations.BLOCK / groups;
    int skip = w.blockBytes - w.codeBytes;
    int minima = w.minimum ? 1 : 0;
    FloatVector acc = FloatVector.zero(F);
    long at = from;
    int k = 0;
    for (int b = 0; b < w.blocks; b++) {
      long scales = at + w.codeBytes + 3L * lane;
      for (int g = 0; g < groups; g++) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        for (int end = k + size; k < end; k += 4) {
          s0 =
              ((FloatVector) ByteVector.fromMemorySegment(B, data, at, LE).convertShape(B2F, F, 0))
                  .fma(FloatVector.broadcast(F, q[k]), s0);
          s1 =
              ((FloatVector)
                      ByteVector.fromMemorySegment(B, data, at + TILE, LE).convertShape(B2F, F, 0))
                  .fma(FloatVector.broadcast(F, q[k + 1]), s1);
          s0 =
              ((FloatVector)
                      ByteVector.fromMemorySegment(B, data, at + 2 * TILE, LE)
                          .convertShape(B2F, F, 0))
                  .fma(FloatVector.broadcast(F, q[k + 2]), s0);
          s1 =
              ((FloatVector)
                      ByteVector.fromMemorySegment(B, data, at + 3 * TILE, LE)
                          .convertShape(B2F, F, 0))
                  .fma(FloatVector.broadcast(F, q[k + 3]), s1);
          at += 4 * TILE;
        }
        FloatVector d = FloatVector.fromMemorySegment(F, data, scales, LE);
        acc = s0.add(s1).fma(d.mul(scale[b]), acc);
        scales += SCALES;
      }
      for (int i = 0; i < minima; i++) {
        FloatVector m = FloatVector.fromMemorySegment(F, data, scales, LE);
        acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      }
      at += skip;
    }
    acc.intoArray(out, lane);
  }

  /** As {@link #bytes} with the two parts of the activations, put together with one rounding. */
  private static void splitBytes(
      VectorMatrix w, long from, int lane, VectorActivations x, float[] out) {
    MemorySegment data = w.data;
    float[] upper = x.upper;
    float[] lower = x.lower;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    int skip = w.blockBytes - w.codeBytes;
    int minima = w.minimum ? 1 : 0;
    FloatVector acc = FloatVector.zero(F);
    long at = from;
    int k = 0;
    for (int b = 0; b < w.blocks; b++) {
      long scales = at + w.codeBytes + 3L * lane;
      FloatVector high0 = FloatVector.zero(F);
      FloatVector high1 = FloatVector.zero(F);
      FloatVector low0 = FloatVector.zero(F);
      FloatVector low1 = FloatVector.zero(F);
      for (int end = k + Activations.BLOCK; k < end; k += 4) {
        FloatVector w0 =
            ((FloatVector) ByteVector.fromMemorySegment(B, data, at, LE).convertShape(B2F, F, 0));
        high0 = w0.fma(FloatVector.broadcast(F, upper[k]), high0);
        low0 = w0.fma(FloatVector.broadcast(F, lower[k]), low0);
        FloatVector w1 =
            ((FloatVector)
                ByteVector.fromMemorySegment(B, data, at + TILE, LE).convertShape(B2F, F, 0));
        high1 = w1.fma(FloatVector.broadcast(F, upper[k + 1]), high1);
        low1 = w1.fma(FloatVector.broadcast(F, lower[k + 1]), low1);
        FloatVector w2 =
            ((FloatVector)
                ByteVector.fromMemorySegment(B, data, at + 2 * TILE, LE).convertShape(B2F, F, 0));
        high0 = w2.fma(FloatVector.broadcast(F, upper[k + 2]), high0);
        low0 = w2.fma(FloatVector.broadcast(F, lower[k + 2]), low0);
        FloatVector w3 =
            ((FloatVector)
                ByteVector.fromMemorySegment(B, data, at + 3 * TILE, LE).convertShape(B2F, F, 0));
        high1 = w3.fma(FloatVector.broadcast(F, upper[k + 3]), high1);
        low1 = w3.fma(FloatVector.broadcast(F, lower[k + 3]), low1);
        at += 4 * TILE;
      }
      FloatVector dot = high0.add(high1).fma(FloatVector.broadcast(F, 256f), low0.add(low1));
      FloatVector d = FloatVector.fromMemorySegment(F, data, scales, LE);
      acc = dot.fma(d.mul(scale[b]), acc);
      for (int i = 0; i < minima; i++) {
        FloatVector m = FloatVector.fromMemorySegment(F, data, scales + SCALES, LE);
        acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      }
      at += skip;
    }
    acc.intoArray(out, lane);
  }
}
