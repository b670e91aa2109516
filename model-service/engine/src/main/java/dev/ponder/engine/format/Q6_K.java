package dev.ponder.engine.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights in 210 bytes, zero point 32, in two halves of 128: 64 bytes with the low nibbles of
 * four quarters of 32 (quarters 0 and 1 in the low halves, 2 and 3 in the high ones), 32 bytes with
 * their upper bit pairs; then 16 int8 scales, one per 16 weights, and a half-float scale of all.
 */
final class Q6_K extends BlockFormat {
  Q6_K() {
    super(TensorType.Q6_K, 16, false, -32, 31, 208);
  }

  @Override
  void unpackBlockFactors(MemorySegment data, long offset, int block, Unpacked to) {
    to.scaleUnits[block] = data.get(FloatFormat.SHORT, offset + 208);
    MemorySegment.copy(data, JAVA_BYTE, offset + 192, to.scaleSteps, 16 * block, 16);
  }

  @Override
  void unpackBlock(MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m) {
    float scale = half(data, offset + 208);
    for (int g = 0; g < 16; g++) {
      d[at / 16 + g] = scale * data.get(JAVA_BYTE, offset + 192 + g); // exact: 11 bits times 8
    }
    for (int i = 0; i < 256; i++) {
      int within = i % 128;
      int quarter = within / 32;
      int low = unsigned(data, offset + i / 128 * 64L + within % 64) >> (quarter / 2 * 4) & 15;
      int high = unsigned(data, offset + 128 + i / 128 * 32L + within % 32) >> (quarter * 2) & 3;
      w[at + i] = (byte) ((low | (high << 4)) - 32);
    }
  }
}
