package dev.ponder.engine.format;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights in 144 bytes: {@link KScales}, then four runs of 32 bytes; the low nibbles of a run
 * are one group of 32, the high nibbles the next.
 */
final class Q4_K extends BlockFormat {
  Q4_K() {
    super(TensorType.Q4_K, 32, true, 0, 15, 0, 2);
  }

  @Override
  void unpackBlockFactors(MemorySegment data, long offset, int block, Unpacked to) {
    KScales.unpackFactors(data, offset, block, to);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    KScales.unpack(data, offset, at / 32, d, m);
    for (int i = 0; i < 128; i += 8) {
      long pairs = data.get(LONG, offset + KScales.BYTES + i);
      int to = at + i / 32 * 64 + i % 32;
      EightBytes.set(w, to, pairs & NIBBLES);
      EightBytes.set(w, to + 32, pairs >>> 4 & NIBBLES);
    }
  }
}
