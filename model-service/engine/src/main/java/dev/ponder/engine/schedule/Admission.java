package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import java.util.function.LongUnaryOperator;

/** How many requests may wait, and how many tokens they may have together. Thread-safe. */
final class Admission {
  private final int mostRequests;
  private final long mostTokens;
  private final LongUnaryOperator retryAfterMillis;
  private int requests;
  private long tokens;
  private long accepted;
  private long rejected;

  /**
   * @param retryAfterMillis when to come again, by the tokens that wait; called by any thread
   */
  Admission(int mostRequests, long mostTokens, LongUnaryOperator retryAfterMillis) {
    this.mostRequests = mostRequests;
    this.mostTokens = mostTokens;
    this.retryAfterMillis = retryAfterMillis;
  }

  /**
   * Counts a request in.
   *
   * @throws EngineException QUEUE_FULL if there is no room; a request that would wait alone has
   *     room however long it is
   */
  synchronized void enter(long requestTokens) {
    boolean full = requests >= mostRequests;
    if (full || (requests > 0 && tokens + requestTokens > mostTokens)) {
      rejected++;
      throw EngineException.queueFull(
          full
              ? "queued requests: " + requests + " (expected: fewer than " + mostRequests + ")"
              : "queued tokens: " + (tokens + requestTokens) + " (expected: " + mostTokens + ")",
          retryAfterMillis.applyAsLong(tokens));
    }
    accepted++;
    requests++;
    tokens += requestTokens;
  }

  /** Counts a request out: it was scheduled or given up. */
  synchronized void leave(long requestTokens) {
    requests--;
    tokens -= requestTokens;
  }

  synchronized int requests() {
    return requests;
  }

  synchronized long tokens() {
    return tokens;
  }

  synchronized long accepted() {
    return accepted;
  }

  synchronized long rejected() {
    return rejected;
  }
}
