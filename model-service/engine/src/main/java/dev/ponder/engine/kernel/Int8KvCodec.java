package dev.ponder.engine.kernel;

import static dev.ponder.engine.kernel.Kernels.PAGE_TOKENS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * Signed bytes in blocks of dimensions that share a half-float scale; the last block of a head may
 * be short. A page of keys is codes [headSize][token], then scales [block][token]; a page of values
 * is codes [token][headSize], then scales [token][block]. Both parts are multiples of 64 bytes.
 * Reading is written to be read; {@link VectorInt8KvCodec} does it on vectors.
 */
class Int8KvCodec extends KvCodec {
  /** Dimensions that share a scale. */
  static final int BLOCK = 32;

  private static final int GREATEST = 127;
  private static final short NAN = 0x7E00;

  /** Bytes that may be read behind the codes of a page. */
  private static final int BEHIND = 8;

  final int headSize;

  /** Blocks of a head. */
  final int blocks;

  /** A page as it is stored, and its scales as floats. */
  final byte[] codes;

  final float[] scales;
  private final short[] halves;
  private final int codeBytes;
  private final byte[] row;
  private final short[] rowScales;

  Int8KvCodec(int headSize) {
    this.headSize = headSize;
    blocks = blocks(headSize);
    codeBytes = PAGE_TOKENS * headSize;
    codes = new byte[codeBytes + BEHIND];
    halves = new short[PAGE_TOKENS * blocks];
    scales = new float[halves.length];
    row = new byte[headSize];
    rowScales = new short[blocks];
  }

  static int blocks(int headSize) {
    return (headSize + BLOCK - 1) / BLOCK;
  }

  @Override
  public void storeKey(float[] x, int at, MemorySegment pages, long keys, int slot) {
    quantise(x, at);
    for (int d = 0; d < headSize; d++) {
      pages.set(JAVA_BYTE, keys + (long) d * PAGE_TOKENS + slot, row[d]);
    }
    long scales = keys + codeBytes + (long) Short.BYTES * slot;
    for (int block = 0; block < blocks; block++) {
      pages.set(JAVA_SHORT, scales + (long) Short.BYTES * PAGE_TOKENS * block, rowScales[block]);
    }
  }

  @Override
  public void storeValue(float[] x, int at, MemorySegment pages, long values, int slot) {
    quantise(x, at);
    MemorySegment.copy(row, 0, pages, JAVA_BYTE, values + (long) headSize * slot, headSize);
    long scales = values + codeBytes + (long) Short.BYTES * blocks * slot;
    MemorySegment.copy(rowScales, 0, pages, JAVA_SHORT, scales, blocks);
  }

  private void quantise(float[] x, int at) {
    for (int block = 0; block < blocks; block++) {
      int from = block * BLOCK;
      int to = Math.min(from + BLOCK, headSize);
      float greatest = 0;
      for (int d = from; d < to; d++) {
        greatest = Math.max(greatest, Math.abs(x[at + d])); // NaN if one is
      }
      short half = Float.floatToFloat16(greatest / GREATEST);
      float scale = Float.float16ToFloat(half);
      rowScales[block] = Float.isFinite(scale) ? half : NAN;
      boolean zeros = scale == 0 || !Float.isFinite(scale);
      for (int d = from; d < to; d++) {
        // Scales round down too, subnormal ones by up to a third: a quotient may exceed 127.
        double code = zeros ? 0 : Math.rint(x[at + d] / scale);
        row[d] = (byte) Math.clamp(code, -GREATEST, GREATEST);
      }
    }
  }

  @Override
  public void loadKeys(MemorySegment pages, long keys, float[] to, int at) {
    read(pages, keys);
    scaleKeys(to, at);
  }

  @Override
  public void loadValues(MemorySegment pages, long values, float[] to, int at) {
    read(pages, values);
    scaleValues(to, at);
  }

  private void read(MemorySegment pages, long offset) {
    MemorySegment.copy(pages, JAVA_BYTE, offset, codes, 0, codeBytes);
    MemorySegment.copy(pages, JAVA_SHORT, offset + codeBytes, halves, 0, halves.length);
    for (int i = 0; i < halves.length; i++) {
      scales[i] = Float.float16ToFloat(halves[i]);
    }
  }

  /** Multiplies the codes of a page of keys by their scales. */
  void scaleKeys(float[] to, int at) {
    for (int d = 0; d < headSize; d++) {
      for (int t = 0; t < PAGE_TOKENS; t++) {
        int i = d * PAGE_TOKENS + t;
        to[at + i] = codes[i] * scales[d / BLOCK * PAGE_TOKENS + t];
      }
    }
  }

  /** Multiplies the codes of a page of values by their scales. */
  void scaleValues(float[] to, int at) {
    for (int t = 0; t < PAGE_TOKENS; t++) {
      for (int d = 0; d < headSize; d++) {
        int i = t * headSize + d;
        to[at + i] = codes[i] * scales[t * blocks + d / BLOCK];
      }
    }
  }
}
