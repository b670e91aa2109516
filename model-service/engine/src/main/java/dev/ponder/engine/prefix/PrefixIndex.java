package dev.ponder.engine.prefix;

import dev.ponder.engine.Namespace;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The KV pages of token sequences seen before: a tree per namespace with one page a node, found by
 * the exact tokens of the page and of all pages before it. Holds one reference to each page, so
 * that it outlives the sequence that computed it, until {@link #evict} gives it up.
 *
 * <p>Eviction takes the least recently used page that nobody else holds, children before parents:
 * using a page counts as using all before it a moment later, so the list of recency never has a
 * parent before its children. NOT thread-safe: owned by the scheduler's thread.
 */
public final class PrefixIndex {
  private final KvPool pool;
  private final int pageTokens;
  private final Map<Namespace, Node> roots = new HashMap<>();

  /** Head of a ring in order of recency: its {@code newer} is the least recently used. */
  private final Node ring = new Node(null, null, null, -1);

  private int size;

  public PrefixIndex(KvPool pool) {
    this.pool = pool;
    this.pageTokens = pool.pageTokens();
  }

  /** Returns the number of pages held. */
  public int size() {
    return size;
  }

  /** Returns the number of pages that nobody else holds. */
  public int idle() {
    int idle = 0;
    for (Node node = ring.newer; node != ring; node = node.newer) {
      idle += pool.references(node.page) == 1 ? 1 : 0;
    }
    return idle;
  }

  /**
   * Appends the known pages from {@code sequence.pageCount()} on to a sequence that ends with a
   * full page, and lengthens it.
   *
   * @param tokens the sequence's tokens
   * @param pages adopt pages below this number only
   * @return the pages adopted
   */
  public int adopt(Namespace namespace, int[] tokens, int pages, KvSequence sequence) {
    int from = sequence.pageCount();
    Node node = roots.get(namespace);
    int depth = 0;
    Node last = null;
    while (node != null && depth < pages) {
      node = node.children.get(key(tokens, depth));
      if (node != null) {
        if (depth >= from) {
          pool.retain(node.page);
          sequence.appendPage(node.page);
        }
        last = node;
        depth++;
      }
    }
    touch(last);
    if (depth <= from) {
      return 0;
    }
    sequence.setLength(depth * pageTokens);
    return depth - from;
  }

  /**
   * Keeps the first {@code pages} pages of a sequence for later ones. Where the same tokens are
   * known already, the pages known stay.
   *
   * @param tokens the sequence's tokens
   * @param pages full pages, whose KV is computed
   */
  public void insert(Namespace namespace, int[] tokens, int pages, KvSequence sequence) {
    if (pages == 0) {
      return;
    }
    Node node = roots.computeIfAbsent(namespace, ns -> new Node(ns, null, null, -1));
    for (int depth = 0; depth < pages; depth++) {
      PageTokens key = key(tokens, depth);
      Node child = node.children.get(key);
      if (child == null) {
        int page = sequence.page(depth);
        pool.retain(page);
        PageTokens kept = key.copy();
        child = new Node(namespace, node, kept, page);
        node.children.put(kept, child);
        size++;
      }
      node = child;
    }
    touch(node);
  }

  /** Gives up one page that nobody else holds; false if there is none. */
  public boolean evict() {
    for (Node node = ring.newer; node != ring; node = node.newer) {
      if (node.children.isEmpty() && pool.references(node.page) == 1) {
        remove(node);
        return true;
      }
    }
    return false;
  }

  /** Gives up all pages, also those that others hold. */
  public void clear() {
    for (Node node = ring.newer; node != ring; node = node.newer) {
      pool.release(node.page);
    }
    ring.newer = ring;
    ring.older = ring;
    roots.clear();
    size = 0;
  }

  private PageTokens key(int[] tokens, int page) {
    return new PageTokens(tokens, page * pageTokens, (page + 1) * pageTokens);
  }

  /** Makes a node and its ancestors the most recently used, the root's child the most recent. */
  private void touch(@Nullable Node last) {
    for (Node node = last; node != null && node.parent != null; node = node.parent) {
      node.unlink();
      node.linkBefore(ring);
    }
  }

  private void remove(Node node) {
    node.unlink();
    Node parent = node.parent;
    if (parent != null && node.key != null) {
      parent.children.remove(node.key);
      if (parent.parent == null && parent.children.isEmpty() && parent.namespace != null) {
        roots.remove(parent.namespace);
      }
    }
    pool.release(node.page);
    size--;
  }

  /** A page; or, with no parent, a namespace's root or the ring's head. */
  private static final class Node {
    final @Nullable Namespace namespace;
    final @Nullable Node parent;
    final @Nullable PageTokens key;
    final int page;
    final Map<PageTokens, Node> children = new HashMap<>(2);
    Node older;
    Node newer;

    Node(@Nullable Namespace namespace, @Nullable Node parent, @Nullable PageTokens key, int page) {
      this.namespace = namespace;
      this.parent = parent;
      this.key = key;
      this.page = page;
      this.older = this;
      this.newer = this;
    }

    void unlink() {
      older.newer = newer;
      newer.older = older;
      older = this;
      newer = this;
    }

    void linkBefore(Node next) {
      older = next.older;
      newer = next;
      next.older.newer = this;
      next.older = this;
    }
  }
}
