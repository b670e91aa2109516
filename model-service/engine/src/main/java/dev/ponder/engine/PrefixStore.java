package dev.ponder.engine;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Keeps the KV of prompts outside the engine, a page at a time. Called on the scheduler's thread:
 * every method returns at once. Whatever it does wrong costs a recomputation, never an answer: a
 * payload of another length than a page is ignored, and so is one that comes too late.
 *
 * <p>A page holds the KV of {@code pageTokens} consecutive tokens ({@link EngineInfo#pageTokens});
 * page {@code i} depends on all tokens before it and its own. The implementation verifies what it
 * received before it returns it: the engine checks lengths only.
 */
public interface PrefixStore {
  /** Computing a token's KV takes at least this long on a CPU, so waiting as long loses nothing. */
  Duration PATIENCE_PER_TOKEN = Duration.ofMillis(1);

  /**
   * Returns how long to wait for the pages of {@code tokens} tokens: the base, and more for more.
   */
  static Duration patience(Duration base, int tokens) {
    return base.plus(PATIENCE_PER_TOKEN.multipliedBy(tokens));
  }

  /**
   * Asks for the consecutive pages {@code fromPage, fromPage + 1, ...} of {@code tokens}, full
   * pages only. The array is read-only. The list may be shorter than what was asked for; a future
   * that fails counts as an empty one. The engine cancels a future it no longer waits for.
   */
  CompletableFuture<List<byte[]>> fetch(Namespace namespace, int[] tokens, int fromPage);

  /** Whether {@link #offer} of that page would be of use, as far as is known without waiting. */
  boolean wants(Namespace namespace, int[] tokens, int page);

  /** Hands a page over; may be dropped. The arrays are read-only. */
  void offer(Namespace namespace, int[] tokens, int page, byte[] payload);
}
