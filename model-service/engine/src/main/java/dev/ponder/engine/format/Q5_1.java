package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** 32 weights in 24 bytes: half-float scale and minimum, 32 fifth bits, nibbles. */
final class Q5_1 extends BlockFormat {
  Q5_1() {
    super(TensorType.Q5_1, 32, true, 0, 31, 0, 2);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    d[at / 32] = half(data, offset);
    m[at / 32] = half(data, offset + 2);
    nibbles(data, offset + 8, w, at, 0);
    fifthBits(data, offset + 4, w, at);
  }
}
