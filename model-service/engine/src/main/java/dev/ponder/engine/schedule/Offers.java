package dev.ponder.engine.schedule;

import dev.ponder.engine.Namespace;
import dev.ponder.engine.PrefixStore;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Pages on their way to the prefix store, a few between two steps: copying a long prompt's at once
 * would hold everyone up. Holds a reference to each; gives them up when pages are short. NOT
 * thread-safe: owned by the scheduler's thread.
 */
final class Offers {
  /** Copies between two steps: some megabytes, about a millisecond. */
  private static final int PAGES_A_STEP = 8;

  private static final int MOST_PENDING = 4096;

  private final @Nullable PrefixStore store;
  private final KvPool pool;
  private final Deque<Offer> pending = new ArrayDeque<>();

  /**
   * @param store null: nothing is ever offered
   */
  Offers(@Nullable PrefixStore store, KvPool pool) {
    this.store = store;
    this.pool = pool;
  }

  /** Plans to offer the full pages of a computed prompt, if its task shares them. */
  void add(Task task, KvSequence sequence) {
    if (store == null || !task.useCache) {
      return;
    }
    int full = task.prompt.length / pool.pageTokens();
    for (int page = 0; page < full && pending.size() < MOST_PENDING; page++) {
      int id = sequence.page(page);
      pool.retain(id);
      pending.add(new Offer(task.namespace, task.prompt, page, id));
    }
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }

  /** Offers some of the pending pages the store wants; returns how many. */
  int send() {
    int sent = 0;
    while (store != null && sent < PAGES_A_STEP && !pending.isEmpty()) {
      Offer offer = pending.removeFirst();
      try {
        if (store.wants(offer.namespace, offer.prompt, offer.page)) {
          byte[] payload = new byte[Math.toIntExact(pool.pageBytes())];
          pool.export(offer.id, MemorySegment.ofArray(payload));
          store.offer(offer.namespace, offer.prompt, offer.page, payload);
          sent++;
        }
      } catch (RuntimeException _) {
        // The store's trouble costs a recomputation later, nothing now.
      } finally {
        pool.release(offer.id);
      }
    }
    return sent;
  }

  /** Gives all pending pages up; false if there were none. */
  boolean drop() {
    boolean any = !pending.isEmpty();
    pending.forEach(offer -> pool.release(offer.id));
    pending.clear();
    return any;
  }

  /** Page {@code page} of a prompt, held as {@code id}. */
  private static final class Offer {
    final Namespace namespace;
    final int[] prompt;
    final int page;
    final int id;

    Offer(Namespace namespace, int[] prompt, int page, int id) {
      this.namespace = namespace;
      this.prompt = prompt;
      this.page = page;
      this.id = id;
    }
  }
}
