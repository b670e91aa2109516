package dev.ponder.engine.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Stores keys and values of one head in pages, and reads them back: all that knows what a {@link
 * KvType} stores. Offsets are those of a page's head, in bytes. NOT thread-safe; codecs of several
 * threads may store tokens of the same page.
 */
public abstract class KvCodec {
  KvCodec() {}

  /** Stores the key {@code x[at ...]} of the token in this slot of its page. */
  public abstract void storeKey(float[] x, int at, MemorySegment pages, long keys, int slot);

  /** Stores the value {@code x[at ...]} of the token in this slot of its page. */
  public abstract void storeValue(float[] x, int at, MemorySegment pages, long values, int slot);

  /** Reads a page of keys into {@code to[at ...]}, [headSize][PAGE_TOKENS]. */
  public abstract void loadKeys(MemorySegment pages, long keys, float[] to, int at);

  /** Reads a page of values into {@code to[at ...]}, [PAGE_TOKENS][headSize]. */
  public abstract void loadValues(MemorySegment pages, long values, float[] to, int at);
}
