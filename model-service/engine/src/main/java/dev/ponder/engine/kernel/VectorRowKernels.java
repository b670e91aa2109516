package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One activation row times one tile: a vector lane is an output, an activation is broadcast.
 * Unrolled by hand: C2 keeps the sums in registers only when a whole block is straight-line code.
 */
final class VectorRowKernels {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Integer> I = VectorSpeciesHolder.INTS;
  private static final VectorSpecies<Byte> B = VectorSpeciesHolder.BYTES;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int TILE = Matrix.TILE;
  private static final int SCALES = VectorMatrix.SCALES;

  private VectorRowKernels() {}

  /** Lanes {@code [lane, lane + width)} of a tile of 4-bit weights. */
  static void nibbles(VectorMatrix w, int tile, int lane, VectorActivations x, float[] out) {
    MemorySegment data = w.data;
    float[] q = x.nibble;
    float[] scale = x.scale;
    float[] sum = x.sum;
    float[] scaledSum = x.scaledSum;
    int blockBytes = w.blockBytes;
    boolean minimum = w.minimum;
    float center = w.center;
    FloatVector acc = FloatVector.zero(F);
    long at = tile * w.tileBytes + lane * 4L;
    int k = 0;
    for (int b = 0; b < w.blocks; b++) {
      IntVector x0 = IntVector.fromMemorySegment(I, data, at, LE);
      IntVector x1 = IntVector.fromMemorySegment(I, data, at + 64, LE);
      IntVector x2 = IntVector.fromMemorySegment(I, data, at + 128, LE);
      IntVector x3 = IntVector.fromMemorySegment(I, data, at + 192, LE);
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = FloatVector.zero(F);
      FloatVector s2 = FloatVector.zero(F);
      FloatVector s3 = FloatVector.zero(F);
      s0 = ((FloatVector) x0.and(0xF).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 0]), s0);
      s1 = ((FloatVector) x0.and(0xF0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 1]), s1);
      s2 =
          ((FloatVector) x0.and(0xF00).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 2]), s2);
      s3 =
          ((FloatVector) x0.and(0xF000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 3]), s3);
      s0 =
          ((FloatVector) x0.and(0xF0000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 4]), s0);
      s1 =
          ((FloatVector) x0.and(0xF00000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 5]), s1);
      s2 =
          ((FloatVector) x0.and(0xF000000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 6]), s2);
      s3 =
          ((FloatVector) x0.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 7]), s3);
      s0 = ((FloatVector) x1.and(0xF).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 8]), s0);
      s1 = ((FloatVector) x1.and(0xF0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 9]), s1);
      s2 =
          ((FloatVector) x1.and(0xF00).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 10]), s2);
      s3 =
          ((FloatVector) x1.and(0xF000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 11]), s3);
      s0 =
          ((FloatVector) x1.and(0xF0000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 12]), s0);
      s1 =
          ((FloatVector) x1.and(0xF00000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 13]), s1);
      s2 =
          ((FloatVector) x1.and(0xF000000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 14]), s2);
      s3 =
          ((FloatVector) x1.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 15]), s3);
      s0 = ((FloatVector) x2.and(0xF).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 16]), s0);
      s1 =
          ((FloatVector) x2.and(0xF0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 17]), s1);
      s2 =
          ((FloatVector) x2.and(0xF00).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 18]), s2);
      s3 =
          ((FloatVector) x2.and(0xF000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 19]), s3);
      s0 =
          ((FloatVector) x2.and(0xF0000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 20]), s0);
      s1 =
          ((FloatVector) x2.and(0xF00000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 21]), s1);
      s2 =
          ((FloatVector) x2.and(0xF000000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 22]), s2);
      s3 =
          ((FloatVector) x2.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 23]), s3);
      s0 = ((FloatVector) x3.and(0xF).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 24]), s0);
      s1 =
          ((FloatVector) x3.and(0xF0).convert(I2F, 0)).fma(FloatVector.broadcast(F, q[k + 25]), s1);
      s2 =
          ((FloatVector) x3.and(0xF00).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 26]), s2);
      s3 =
          ((FloatVector) x3.and(0xF000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 27]), s3);
      s0 =
          ((FloatVector) x3.and(0xF0000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 28]), s0);
      s1 =
          ((FloatVector) x3.and(0xF00000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 29]), s1);
      s2 =
          ((FloatVector) x3.and(0xF000000).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 30]), s2);
      s3 =
          ((FloatVector) x3.lanewise(LSHR, 28).convert(I2F, 0))
              .fma(FloatVector.broadcast(F, q[k + 31]), s3);
      FloatVector dot = s0.add(s1).add(s2.add(s3));
      FloatVector d = FloatVector.fromMemorySegment(F, data, at + 256, LE);
      if (minimum) {
        FloatVector m = FloatVector.fromMemorySegment(F, data, at + 320, LE);
        acc = dot.fma(d.mul(scale[b]), acc);
        acc = m.fma(FloatVector.broadcast(F, scaledSum[b]), acc);
      } else {
        dot = FloatVector.broadcast(F, sum[b]).fma(FloatVector.broadcast(F, center), dot);
        acc = dot.fma(d.mul(scale[b]), acc);
      }
      at += blockBytes;
      k += 32;
    }
    acc.intoArray(out, lane);
  }

  /** Lanes of a tile of 8-bit weights. */
  static void bytes(VectorMatrix w, int tile, int lane, VectorActivations x, float[] out) {
    boolean split = w.split && x.split;
    FloatVector acc = FloatVector.zero(F);
    long at = tile * w.tileBytes + lane;
    int size = Activations.BLOCK / w.groups;
    for (int b = 0; b < w.blocks; b++) {
      long scales = at + w.codeBytes + lane * 3L;
      for (int g = 0; g < w.groups; g++) {
        int k = b * Activations.BLOCK + g * size;
        long codes = at + (long) g * size * TILE;
        FloatVector dot;
        if (split) {
          dot =
              dot(w.data, codes, x.high, k, size)
                  .fma(FloatVector.broadcast(F, 256f), dot(w.data, codes, x.low, k, size));
        } else {
          dot = dot(w.data, codes, x.q, k, size);
        }
        dot =
            FloatVector.broadcast(F, x.sum[b]).fma(FloatVector.broadcast(F, (float) w.center), dot);
        FloatVector d = FloatVector.fromMemorySegment(F, w.data, scales + (long) g * SCALES, LE);
        acc = dot.fma(d.mul(x.scale[b]), acc);
      }
      if (w.minimum) {
        FloatVector m =
            FloatVector.fromMemorySegment(F, w.data, scales + (long) w.groups * SCALES, LE);
        acc = m.fma(FloatVector.broadcast(F, x.scaledSum[b]), acc);
      }
      at += w.blockBytes;
    }
    acc.intoArray(out, lane);
  }

  private static FloatVector dot(MemorySegment data, long at, float[] q, int k, int count) {
    FloatVector s = FloatVector.zero(F);
    for (int i = 0; i < count; i++) {
      ByteVector codes = ByteVector.fromMemorySegment(B, data, at + (long) i * TILE, LE);
      s = ((FloatVector) codes.convertShape(B2F, F, 0)).fma(FloatVector.broadcast(F, q[k + i]), s);
    }
    return s;
  }
}
