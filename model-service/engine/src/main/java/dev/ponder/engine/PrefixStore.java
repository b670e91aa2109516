package dev.ponder.engine;

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
