package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights in 176 bytes: {@link KScales}, 32 bytes of fifth bits (bit g of byte i belongs to
 * weight i of group g), then nibbles as in {@link Q4_K}.
 */
final class Q5_K extends BlockFormat {
  Q5_K() {
    super(TensorType.Q5_K, 32, true, 0, 31, 0, 2);
  }

  @Override
  void unpackBlockFactors(MemorySegment data, long offset, int block, Unpacked to) {
    KScales.unpackFactors(data, offset, block, to);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    KScales.unpack(data, offset, at / 32, d, m);
    for (int i = 0; i < 128; i++) {
      int pair = unsigned(data, offset + KScales.BYTES + 32 + i);
      int fifth = unsigned(data, offset + KScales.BYTES + i % 32) >> (i / 32 * 2);
      int to = at + i / 32 * 64 + i % 32;
      w[to] = (byte) ((pair & 15) | ((fifth & 1) << 4));
      w[to + 32] = (byte) ((pair >> 4) | ((fifth & 2) << 3));
    }
  }
}
