package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** 32 weights in 22 bytes: a half-float scale, 32 fifth bits, nibbles; zero point 16. */
final class Q5_0 extends BlockFormat {
  Q5_0() {
    super(TensorType.Q5_0, 32, false, -16, 15, 0);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    d[at / 32] = half(data, offset);
    nibbles(data, offset + 6, w, at, -16);
    fifthBits(data, offset + 2, w, at);
  }
}
