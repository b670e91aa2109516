package dev.ponder.model.kv;

import dev.ponder.common.prefix.PrefixKeys;
import dev.ponder.common.prefix.PrefixSeed;
import dev.ponder.engine.Namespace;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;

/**
 * The block keys of the prompts asked about last. The engine asks page by page; without a memory of
 * them each question would hash the prompt from its start. Compared by content, not by identity, so
 * that no array that changed can bring another prompt's keys.
 *
 * <p>Thread-safe; in use by one engine's scheduler thread, so the lock is never waited for.
 */
final class KeyMemo {
  private static final int REMEMBERED = 8;

  private final Function<Namespace, PrefixSeed> seeds;
  private final int pageTokens;
  private final Deque<Entry> entries = new ArrayDeque<>(REMEMBERED);

  KeyMemo(Function<Namespace, PrefixSeed> seeds, int pageTokens) {
    this.seeds = seeds;
    this.pageTokens = pageTokens;
  }

  /** Returns the keys of all full pages of {@code tokens}. */
  synchronized List<String> keys(Namespace namespace, int[] tokens) {
    for (Entry entry : entries) {
      if (entry.namespace.equals(namespace) && Arrays.equals(entry.tokens, tokens)) {
        return entry.keys;
      }
    }
    List<String> keys = PrefixKeys.of(seeds.apply(namespace), tokens, pageTokens);
    if (entries.size() == REMEMBERED) {
      entries.removeLast();
    }
    entries.addFirst(new Entry(namespace, tokens.clone(), keys));
    return keys;
  }

  private static final class Entry {
    final Namespace namespace;
    final int[] tokens;
    final List<String> keys;

    Entry(Namespace namespace, int[] tokens, List<String> keys) {
      this.namespace = namespace;
      this.tokens = tokens;
      this.keys = keys;
    }
  }
}
