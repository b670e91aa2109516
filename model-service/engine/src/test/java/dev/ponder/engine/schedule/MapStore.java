package dev.ponder.engine.schedule;

import dev.ponder.engine.Namespace;
import dev.ponder.engine.PrefixStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A prefix store in memory, keyed by namespace and all tokens of a page and before it. */
class MapStore implements PrefixStore {
  private static final int PAGE = 32;

  final Map<String, byte[]> pages = new HashMap<>();
  final AtomicInteger fetches = new AtomicInteger();

  @Override
  public synchronized CompletableFuture<List<byte[]>> fetch(
      Namespace namespace, int[] tokens, int fromPage) {
    fetches.incrementAndGet();
    List<byte[]> found = new ArrayList<>();
    for (int page = fromPage; (page + 1) * PAGE <= tokens.length; page++) {
      byte[] payload = pages.get(key(namespace, tokens, page));
      if (payload == null) {
        break;
      }
      found.add(payload);
    }
    return CompletableFuture.completedFuture(found);
  }

  @Override
  public synchronized boolean wants(Namespace namespace, int[] tokens, int page) {
    return !pages.containsKey(key(namespace, tokens, page));
  }

  @Override
  public synchronized void offer(Namespace namespace, int[] tokens, int page, byte[] payload) {
    pages.put(key(namespace, tokens, page), payload);
  }

  private static String key(Namespace namespace, int[] tokens, int page) {
    return namespace.id() + Arrays.toString(Arrays.copyOf(tokens, (page + 1) * PAGE));
  }
}
