package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of 8-bit activations times one tile of 4-bit weights, in shorts, twice as many lanes as
 * floats have: sixteen products of at most 15 * 127 fit. The word of an output is two shorts,
 * columns 8v to 8v + 3 and 8v + 4 to 8v + 7, each with a sum of its own. The shape of the code is
 * that of {@link VectorRowKernels}, for the same reasons.
 */
final class VectorShortKernels {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final VectorSpecies<Short> S = VectorSpeciesHolder.SHORTS;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int SCALES = VectorMatrix.SCALES;

  private VectorShortKernels() {}

  /** Scales and minima are pairs of half floats. */
  static void withHalves(VectorMatrix w, long from, int lane, VectorActivations x, float[] out) {
    MemorySegment data = w.data;
    int[] q = x.pairs;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    long at = from;
    FloatVector acc = FloatVector.zero(F);
    IntVector half = IntVector.broadcast(I, VectorRowKernels.HALF_BITS);
    ShortVector low = ShortVector.broadcast(S, 0xF);
    int k = 0;
    for (int b = 0; b < w.blocks; b++) {
      ShortVector s0 = ShortVector.zero(S);
      ShortVector s1 = ShortVector.zero(S);
      ShortVector w0 = IntVector.fromMemorySegment(I, data, at, LE).reinterpretAsShorts();
      s0 = s0.add(w0.and(low).mul(IntVector.broadcast(I, q[k]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w0.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 1]).reinterpretAsShorts()));
      s0 =
          s0.add(
              w0.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 2]).reinterpretAsShorts()));
      s1 =
          s1.add(w0.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 3]).reinterpretAsShorts()));
      ShortVector w1 = IntVector.fromMemorySegment(I, data, at + 64, LE).reinterpretAsShorts();
      s0 = s0.add(w1.and(low).mul(IntVector.broadcast(I, q[k + 4]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w1.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 5]).reinterpretAsShorts()));
      s0 =
          s0.add(
              w1.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 6]).reinterpretAsShorts()));
      s1 =
          s1.add(w1.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 7]).reinterpretAsShorts()));
      ShortVector w2 = IntVector.fromMemorySegment(I, data, at + 128, LE).reinterpretAsShorts();
      s0 = s0.add(w2.and(low).mul(IntVector.broadcast(I, q[k + 8]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w2.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 9]).reinterpretAsShorts()));
      s0 =
          s0.add(
              w2.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 10]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w2.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 11]).reinterpretAsShorts()));
      ShortVector w3 = IntVector.fromMemorySegment(I, data, at + 192, LE).reinterpretAsShorts();
      s0 = s0.add(w3.and(low).mul(IntVector.broadcast(I, q[k + 12]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w3.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 13]).reinterpretAsShorts()));
      s0 =
          s0.add(
              w3.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 14]).reinterpretAsShorts()));
      s1 =
          s1.add(
              w3.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 15]).reinterpretAsShorts()));
      at += 256;
      k += 16;
      IntVector sums = s0.add(s1).reinterpretAsInts();
      IntVector dot = sums.lanewise(ASHR, 16).add(sums.lanewise(LSHL, 16).lanewise(ASHR, 16));
      IntVector pair = IntVector.fromMemorySegment(I, data, at, LE);
      FloatVector d =
          pair.lanewise(LSHL, 16)
              .lanewise(ASHR, 3)
              .and(half)
              .reinterpretAsFloats()
              .mul(VectorRowKernels.HALF);
      acc = ((FloatVector) dot.convert(I2F, 0)).fma(d.mul(scale[b]), acc);
      FloatVector m =
          pair.lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(VectorRowKernels.HALF);
      acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      at += SCALES;
    }
    acc.intoArray(out, lane);
  }

  /** As {@link #withHalves}, with float scales, and minima or a center. */
  static void withFloats(VectorMatrix w, long from, int lane, VectorActivations x, float[] out) {
    MemorySegment data = w.data;
    int[] q = x.pairs;
    float[] scale = x.scale;
    float[] scaledSum = x.scaledSum;
    float[] sum = x.sum;
    int center = w.center;
    int minima = w.minimum ? 1 : 0;
    long at = from;
    FloatVector acc = FloatVector.zero(F);
    ShortVector low = ShortVector.broadcast(S, 0xF);
    int k = 0;
    for (int b = 0; b < w.blocks; b++) {
      ShortVector s0 = ShortVector.zero(S);
      ShortVector s1 = ShortVector.zero(S);
      ShortVector c0 = IntVector.fromMemorySegment(I, data, at, LE).reinterpretAsShorts();
      s0 = s0.add(c0.and(low).mul(IntVector.broadcast(I, q[k]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c0.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 1]).reinterpretAsShorts()));
      s0 =
          s0.add(
              c0.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 2]).reinterpretAsShorts()));
      s1 =
          s1.add(c0.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 3]).reinterpretAsShorts()));
      ShortVector c1 = IntVector.fromMemorySegment(I, data, at + 64, LE).reinterpretAsShorts();
      s0 = s0.add(c1.and(low).mul(IntVector.broadcast(I, q[k + 4]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c1.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 5]).reinterpretAsShorts()));
      s0 =
          s0.add(
              c1.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 6]).reinterpretAsShorts()));
      s1 =
          s1.add(c1.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 7]).reinterpretAsShorts()));
      ShortVector c2 = IntVector.fromMemorySegment(I, data, at + 128, LE).reinterpretAsShorts();
      s0 = s0.add(c2.and(low).mul(IntVector.broadcast(I, q[k + 8]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c2.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 9]).reinterpretAsShorts()));
      s0 =
          s0.add(
              c2.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 10]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c2.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 11]).reinterpretAsShorts()));
      ShortVector c3 = IntVector.fromMemorySegment(I, data, at + 192, LE).reinterpretAsShorts();
      s0 = s0.add(c3.and(low).mul(IntVector.broadcast(I, q[k + 12]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c3.lanewise(LSHR, 4)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 13]).reinterpretAsShorts()));
      s0 =
          s0.add(
              c3.lanewise(LSHR, 8)
                  .and(low)
                  .mul(IntVector.broadcast(I, q[k + 14]).reinterpretAsShorts()));
      s1 =
          s1.add(
              c3.lanewise(LSHR, 12).mul(IntVector.broadcast(I, q[k + 15]).reinterpretAsShorts()));
      at += 256;
      k += 16;
      IntVector sums = s0.add(s1).reinterpretAsInts();
      IntVector dot =
          sums.lanewise(ASHR, 16)
              .add(sums.lanewise(LSHL, 16).lanewise(ASHR, 16))
              .add(center * (int) sum[b]);
      FloatVector d = FloatVector.fromMemorySegment(F, data, at, LE);
      acc = ((FloatVector) dot.convert(I2F, 0)).fma(d.mul(scale[b]), acc);
      at += SCALES;
      for (int i = 0; i < minima; i++) {
        FloatVector m = FloatVector.fromMemorySegment(F, data, at, LE);
        acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
        at += SCALES;
      }
    }
    acc.intoArray(out, lane);
  }
}
