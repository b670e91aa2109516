package dev.ponder.model.kv;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.kv.KvFrame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects the pages of one fetch, checking each frame against what was asked for. Thread-safe: a
 * deadline may read the pages while another one arrives.
 */
final class BlockReader {
  private final List<String> keys;
  private final int[] tokens;
  private final int fromPage;
  private final int pageTokens;
  private final long pageBytes;
  private final short dtype;
  private final List<byte[]> pages = new ArrayList<>();
  private @Nullable String corruptKey;

  /**
   * Makes the reader of one fetch.
   *
   * @param keys those that were asked for, of the pages from {@code fromPage} on
   * @param tokens the whole prompt
   */
  BlockReader(
      List<String> keys, int[] tokens, int fromPage, int pageTokens, long pageBytes, short dtype) {
    this.keys = keys;
    this.tokens = tokens;
    this.fromPage = fromPage;
    this.pageTokens = pageTokens;
    this.pageBytes = pageBytes;
    this.dtype = dtype;
  }

  /** Takes the next frame; false when the fetch is over: it was wrong, or the last one. */
  synchronized boolean accept(byte[] bytes) {
    if (corruptKey != null || pages.size() == keys.size()) {
      return false;
    }
    String key = keys.get(pages.size());
    byte[] page = page(key, bytes);
    if (page == null) {
      corruptKey = key;
      return false;
    }
    pages.add(page);
    return true;
  }

  /** The pages so far, in order. */
  synchronized List<byte[]> pages() {
    return List.copyOf(pages);
  }

  /** The key whose block was not what it must be; null when there was none. */
  synchronized @Nullable String corruptKey() {
    return corruptKey;
  }

  private byte @Nullable [] page(String key, byte[] bytes) {
    int first = (fromPage + pages.size()) * pageTokens;
    try {
      KvFrame frame = KvFrame.decode(ByteBuffer.wrap(bytes));
      ByteBuffer payload = frame.payload();
      if (!frame.key().equals(key)
          || frame.dtype() != dtype
          || frame.firstToken() != first
          || !Arrays.equals(frame.tokens(), Arrays.copyOfRange(tokens, first, first + pageTokens))
          || payload.remaining() != pageBytes) {
        return null;
      }
      byte[] page = new byte[payload.remaining()];
      payload.get(page);
      return page;
    } catch (PonderException e) {
      return null;
    }
  }
}
