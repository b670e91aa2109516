package dev.ponder.engine.kernel;

import static dev.ponder.engine.kernel.Kernels.PAGE_TOKENS;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/** Half floats, rounded to nearest even: keys [headSize][token], values [token][headSize]. */
final class HalfKvCodec extends KvCodec {
  private final short[] row;
  private final short[] page;

  HalfKvCodec(int headSize) {
    row = new short[headSize];
    page = new short[PAGE_TOKENS * headSize];
  }

  @Override
  public void storeKey(float[] x, int at, MemorySegment pages, long keys, int slot) {
    round(x, at);
    for (int d = 0; d < row.length; d++) {
      pages.set(JAVA_SHORT, keys + 2L * (d * PAGE_TOKENS + slot), row[d]);
    }
  }

  @Override
  public void storeValue(float[] x, int at, MemorySegment pages, long values, int slot) {
    round(x, at);
    MemorySegment.copy(row, 0, pages, JAVA_SHORT, values + 2L * slot * row.length, row.length);
  }

  /** A plain loop over arrays, which the compiler makes vectors of. */
  private void round(float[] x, int from) {
    for (int i = 0; i < row.length; i++) {
      row[i] = Float.floatToFloat16(x[from + i]);
    }
  }

  @Override
  public void loadKeys(MemorySegment pages, long keys, float[] to, int at) {
    load(pages, keys, to, at);
  }

  @Override
  public void loadValues(MemorySegment pages, long values, float[] to, int at) {
    load(pages, values, to, at);
  }

  private void load(MemorySegment pages, long offset, float[] to, int at) {
    MemorySegment.copy(pages, JAVA_SHORT, offset, page, 0, page.length);
    for (int i = 0; i < page.length; i++) {
      to[at + i] = Float.float16ToFloat(page[i]);
    }
  }
}
