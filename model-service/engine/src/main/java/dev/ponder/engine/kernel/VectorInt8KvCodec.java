package dev.ponder.engine.kernel;

import static dev.ponder.engine.kernel.Kernels.PAGE_TOKENS;
import static jdk.incubator.vector.VectorOperators.B2F;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads bytes back on vectors, which divide a page's tokens and the 16 dimensions of a short block.
 */
final class VectorInt8KvCodec extends Int8KvCodec {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final VectorSpecies<Byte> B = VectorSpeciesHolder.BYTES;
  private static final int WIDTH = F.length();

  VectorInt8KvCodec(int headSize) {
    super(headSize);
  }

  @Override
  void scaleKeys(float[] to, int at) {
    for (int block = 0; block < blocks; block++) {
      int first = block * BLOCK * PAGE_TOKENS;
      int end = Math.min(first + BLOCK * PAGE_TOKENS, headSize * PAGE_TOKENS);
      for (int t = 0; t < PAGE_TOKENS; t += WIDTH) {
        FloatVector scale = FloatVector.fromArray(F, scales, block * PAGE_TOKENS + t);
        for (int i = first + t; i < end; i += PAGE_TOKENS) {
          floats(i).mul(scale).intoArray(to, at + i);
        }
      }
    }
  }

  @Override
  void scaleValues(float[] to, int at) {
    for (int t = 0; t < PAGE_TOKENS; t++) {
      for (int block = 0; block < blocks; block++) {
        FloatVector scale = FloatVector.broadcast(F, scales[t * blocks + block]);
        int first = t * headSize + block * BLOCK;
        int end = Math.min(first + BLOCK, (t + 1) * headSize);
        for (int i = first; i < end; i += WIDTH) {
          floats(i).mul(scale).intoArray(to, at + i);
        }
      }
    }
  }

  /** With 128 bits the upper half of what is loaded goes unused. */
  private FloatVector floats(int i) {
    return (FloatVector) ByteVector.fromArray(B, codes, i).convertShape(B2F, F, 0);
  }
}
