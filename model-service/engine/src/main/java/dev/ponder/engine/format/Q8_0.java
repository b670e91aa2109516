package dev.ponder.engine.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** 32 weights in 34 bytes: a half-float scale, then signed bytes. */
final class Q8_0 extends BlockFormat {
  Q8_0() {
    super(TensorType.Q8_0, 32, false, -128, 127, 0);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    d[at / 32] = half(data, offset);
    MemorySegment.copy(data, JAVA_BYTE, offset + 2, w, at, 32);
  }
}
