package dev.ponder.strategy.backend;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.algorithm.Result;
import org.jspecify.annotations.Nullable;

/** Gathers one streamed completion. NOT thread safe: the events of one stream come one by one. */
final class Completion {
  /** No model of ours writes this much; an endpoint that does is broken or hostile. */
  private static final int MAX_CHARS = 4 << 20;

  private final Spent spent;
  private final StringBuilder text = new StringBuilder();
  private double logprobSum;
  private int logprobs;
  private int tokens;
  private @Nullable String finishReason;

  Completion(Spent spent) {
    this.spent = spent;
  }

  void prompt(int promptTokens, int cachedTokens) {
    spent.set(new Usage(promptTokens, 0, cachedTokens));
  }

  void token(String piece, @Nullable Double logprob) {
    add(piece);
    tokens++;
    Usage before = spent.usage();
    spent.set(new Usage(before.promptTokens(), tokens, before.cachedTokens()));
    if (logprob != null) {
      logprobSum += logprob;
      logprobs++;
    }
  }

  /** Adds text that is no token of its own. PostgreSQL keeps no U+0000, so it ends here. */
  void add(String piece) {
    if (text.length() + piece.length() > MAX_CHARS) {
      throw new PonderException(
          ErrorCode.UPSTREAM_FAILED, "answer: longer than " + MAX_CHARS + " characters");
    }
    text.append(piece.indexOf('\0') < 0 ? piece : piece.replace('\0', '\ufffd'));
  }

  void finished(String reason) {
    finishReason = reason;
  }

  void usage(Usage usage) {
    spent.set(usage);
  }

  /**
   * Returns the whole answer.
   *
   * @throws PonderException when the stream ended before the answer did: then it is no answer
   */
  Result result() {
    if (finishReason == null) {
      throw new PonderException(ErrorCode.UPSTREAM_FAILED, "the answer broke off");
    }
    return new Result.Text(
        text.toString(),
        finishReason.equals("length") ? "length" : "stop",
        logprobs == 0 ? null : logprobSum / logprobs,
        spent.usage());
  }
}
