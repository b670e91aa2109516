package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;

/** Counts what a collected answer holds, so that one request cannot fill the heap. */
final class SizeLimit {
  /** A log-probability entry's own weight in characters, beside its text. */
  private static final int ENTRY = 64;

  private final long max;
  private long used;

  SizeLimit(long max) {
    this.max = max;
  }

  void add(GenerateEvent.Token token) {
    long chars = token.text().length();
    if (token.logprob() != null) {
      chars += ENTRY;
    }
    if (token.top() != null) {
      chars += (long) ENTRY * token.top().size();
    }
    add(chars);
  }

  void add(long chars) {
    used += chars;
    if (used > max) {
      throw PonderException.invalid(
          "max_tokens",
          "the answer is longer than " + max + " characters",
          "lower max_tokens, n or top_logprobs, or stream true");
    }
  }
}
