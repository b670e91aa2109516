package dev.ponder.engine.kernel;

import static dev.ponder.engine.kernel.Kernels.PAGE_TOKENS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * Signed bytes in blocks of dimensions that share a half-float scale; the last block of a head may
 * be short. A page of keys is codes [headSize][token], then scales [block][token]; a page of values
 * is codes [token][headSize], then scales [token][block]. Both parts are multiples of 64 bytes.
 */
final class Int8KvCodec extends KvCodec {
  /** Dimensions that share a scale. */
  static final int BLOCK = 32;

  private static final int GREATEST = 127;
  private static final short NAN = 0x7E00;

  private final int headSize;
  private final byte[] row;
  private final short[] rowScales;
  private final byte[] page;
  private final short[] pageScales;

  /** The scale of every code of a page of keys. */
  private final float[] factors;

  Int8KvCodec(int headSize) {
    this.headSize = headSize;
    row = new byte[headSize];
    rowScales = new short[blocks(headSize)];
    page = new byte[PAGE_TOKENS * headSize];
    pageScales = new short[PAGE_TOKENS * rowScales.length];
    factors = new float[page.length];
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
    long scales = keys + page.length + (long) Short.BYTES * slot;
    for (int block = 0; block < rowScales.length; block++) {
      pages.set(JAVA_SHORT, scales + (long) Short.BYTES * PAGE_TOKENS * block, rowScales[block]);
    }
  }

  @Override
  public void storeValue(float[] x, int at, MemorySegment pages, long values, int slot) {
    quantise(x, at);
    MemorySegment.copy(row, 0, pages, JAVA_BYTE, values + (long) headSize * slot, headSize);
    long scales = values + page.length + (long) Short.BYTES * rowScales.length * slot;
    MemorySegment.copy(rowScales, 0, pages, JAVA_SHORT, scales, rowScales.length);
  }

  private void quantise(float[] x, int at) {
    for (int block = 0; block < rowScales.length; block++) {
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

  /**
   * Scales are spread out first: the compiler makes vectors of one long loop, not of short ones.
   */
  @Override
  public void loadKeys(MemorySegment pages, long keys, float[] to, int at) {
    read(pages, keys);
    for (int block = 0; block < rowScales.length; block++) {
      int first = block * BLOCK * PAGE_TOKENS;
      int end = Math.min(first + BLOCK * PAGE_TOKENS, page.length);
      for (int t = 0; t < PAGE_TOKENS; t++) {
        factors[first + t] = Float.float16ToFloat(pageScales[block * PAGE_TOKENS + t]);
      }
      for (int i = first + PAGE_TOKENS; i < end; i += PAGE_TOKENS) {
        System.arraycopy(factors, first, factors, i, PAGE_TOKENS);
      }
    }
    for (int i = 0; i < page.length; i++) {
      to[at + i] = page[i] * factors[i];
    }
  }

  @Override
  public void loadValues(MemorySegment pages, long values, float[] to, int at) {
    read(pages, values);
    for (int t = 0; t < PAGE_TOKENS; t++) {
      int end = (t + 1) * headSize;
      for (int block = 0; block < rowScales.length; block++) {
        float scale = Float.float16ToFloat(pageScales[t * rowScales.length + block]);
        int first = t * headSize + block * BLOCK;
        for (int i = first; i < Math.min(first + BLOCK, end); i++) {
          to[at + i] = page[i] * scale;
        }
      }
    }
  }

  private void read(MemorySegment pages, long offset) {
    MemorySegment.copy(pages, JAVA_BYTE, offset, page, 0, page.length);
    MemorySegment.copy(pages, JAVA_SHORT, offset + page.length, pageScales, 0, pageScales.length);
  }
}
