package dev.ponder.engine.kv;

import dev.ponder.engine.EngineException;
import java.util.Arrays;

/**
 * The pages of one sequence, in order, and how many tokens are in them. Shared pages are never
 * written: a fork copies the page it would write to. NOT thread-safe; belongs to the thread of its
 * pool.
 */
public final class KvSequence implements AutoCloseable {
  private final KvPool pool;
  private int[] pages = new int[8];
  private int pageCount;
  private int length;
  private boolean closed;

  public KvSequence(KvPool pool) {
    this.pool = pool;
  }

  public KvPool pool() {
    return pool;
  }

  /** Returns the tokens whose keys and values are stored. */
  public int length() {
    return length;
  }

  public int pageCount() {
    return pageCount;
  }

  /** Returns the number of the i-th page in the pool. */
  public int page(int i) {
    return pages[java.util.Objects.checkIndex(i, pageCount)];
  }

  /** Appends a page and takes over the caller's reference to it. */
  public void appendPage(int page) {
    checkOpen();
    if (pool.references(page) == 0) {
      throw EngineException.invalidArgument("page", page, "a page in use");
    }
    if (pageCount == pages.length) {
      pages = Arrays.copyOf(pages, 2 * pageCount);
    }
    pages[pageCount++] = page;
  }

  /**
   * Allocates pages so that {@code tokens} positions fit and the next one to be written is not in a
   * shared page.
   *
   * @return false when the pool has no more pages; those got so far are kept
   */
  public boolean ensure(int tokens) {
    checkOpen();
    if (tokens > length && !ownPartialPage()) {
      return false;
    }
    while (capacity() < tokens) {
      int page = pool.allocate();
      if (page < 0) {
        return false;
      }
      appendPage(page);
    }
    return true;
  }

  private int capacity() {
    return pageCount * pool.pageTokens();
  }

  /** Replaces the page of the next token by a copy if someone else holds it too. */
  private boolean ownPartialPage() {
    int index = length / pool.pageTokens();
    for (int i = index; i < pageCount; i++) {
      int shared = pages[i];
      if (pool.references(shared) > 1) {
        int own = pool.allocate();
        if (own < 0) {
          return false;
        }
        pool.copy(shared, own);
        pool.release(shared);
        pages[i] = own;
      }
    }
    return true;
  }

  /** Says how many tokens the pages hold, after adopting pages or after a forward pass. */
  public void setLength(int tokens) {
    checkOpen();
    if (tokens < 0 || tokens > capacity()) {
      throw EngineException.invalidArgument("length", tokens, "0 to " + capacity());
    }
    length = tokens;
  }

  /**
   * Returns a sequence with the same tokens. Full pages are shared; a partial last page is copied.
   *
   * @throws EngineException OUT_OF_MEMORY when the copy finds no free page
   */
  public KvSequence fork() {
    checkOpen();
    KvSequence child = new KvSequence(pool);
    int full = length / pool.pageTokens();
    for (int i = 0; i < full; i++) {
      pool.retain(pages[i]);
      child.appendPage(pages[i]);
    }
    if (length % pool.pageTokens() != 0) {
      int page = pool.allocate();
      if (page < 0) {
        child.close();
        throw new EngineException(
            EngineException.Kind.OUT_OF_MEMORY, "KV pages: all in use (expected: one for a fork)");
      }
      pool.copy(pages[full], page);
      child.appendPage(page);
    }
    child.length = length;
    return child;
  }

  /** Forgets the tokens from {@code tokens} on and releases the pages no longer needed. */
  public void truncate(int tokens) {
    checkOpen();
    if (tokens < 0 || tokens > length) {
      throw EngineException.invalidArgument("length", tokens, "0 to " + length);
    }
    length = tokens;
    releaseFrom((tokens + pool.pageTokens() - 1) / pool.pageTokens());
  }

  /** Releases all pages, the last first, so that prefixes others share live longest. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      releaseFrom(0);
      length = 0;
    }
  }

  private void releaseFrom(int first) {
    while (pageCount > first) {
      pool.release(pages[--pageCount]);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new EngineException(EngineException.Kind.CLOSED, "sequence: closed (expected: open)");
    }
  }
}
