package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** 32 weights in 20 bytes: half-float scale and minimum, then unsigned nibbles. */
final class Q4_1 extends BlockFormat {
  Q4_1() {
    super(TensorType.Q4_1, 32, true, 0, 15, 0, 2);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    d[at / 32] = half(data, offset);
    m[at / 32] = half(data, offset + 2);
    nibbles(data, offset + 4, w, at, 0);
  }
}
