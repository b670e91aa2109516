package dev.ponder.engine.format;

import static dev.ponder.engine.format.BlockFormat.half;
import static dev.ponder.engine.format.BlockFormat.unsigned;

import java.lang.foreign.MemorySegment;

/**
 * The head of a Q4_K or Q5_K block: half-float d and dmin, then eight 6-bit scales and eight 6-bit
 * minima in 12 bytes. The first four of each lie in the low six bits of bytes 0-3 and 4-7; of the
 * others, bytes 8-11 hold the low four bits and the top two bits of bytes 0-7 the rest.
 */
final class KScales {
  static final int BYTES = 16;

  private KScales() {}

  /** Both products are exact in float: 11 significant bits times 6. */
  static void unpack(MemorySegment data, long offset, int group, float[] d, float[] m) {
    float scale = half(data, offset);
    float minimum = half(data, offset + 2);
    for (int g = 0; g < 8; g++) {
      int s = six(data, offset + 4, g, 0);
      int n = six(data, offset + 4, g, 4);
      d[group + g] = scale * s;
      m[group + g] = -(minimum * n);
    }
  }

  /** The factors of those products; minima are taken off, so their unit is minus dmin. */
  static void unpackFactors(MemorySegment data, long offset, int block, Unpacked to) {
    to.scaleUnits[block] = data.get(FloatFormat.SHORT, offset);
    to.minimumUnits[block] = (short) (data.get(FloatFormat.SHORT, offset + 2) ^ 0x8000);
    for (int g = 0; g < 8; g++) {
      to.scaleSteps[8 * block + g] = (byte) six(data, offset + 4, g, 0);
      to.minimumSteps[8 * block + g] = (byte) six(data, offset + 4, g, 4);
    }
  }

  private static int six(MemorySegment data, long at, int g, int half) {
    if (g < 4) {
      return unsigned(data, at + g + half) & 63;
    }
    int low = unsigned(data, at + 4 + g) >> half & 15;
    return low | ((unsigned(data, at + g - 4 + half) >> 6) << 4);
  }
}
