package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** 32 weights in 18 bytes: a half-float scale, then nibbles with zero point 8. */
final class Q4_0 extends BlockFormat {
  Q4_0() {
    super(TensorType.Q4_0, 32, false, -8, 7, 0);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    d[at / 32] = half(data, offset);
    nibbles(data, offset + 2, w, at, -8);
  }
}
