package dev.ponder.engine;

import java.util.List;

/**
 * How likely given continuations are.
 *
 * @param scores one per continuation, in the caller's order
 * @param promptTokens tokens of the shared prompt
 * @param cachedTokens of those, tokens whose KV was found, not computed
 */
public record ScoreResult(List<Score> scores, int promptTokens, int cachedTokens) {
  public ScoreResult {
    scores = List.copyOf(scores);
  }

  /**
   * One continuation's.
   *
   * @param logprob the sum of {@code tokenLogprobs}
   * @param tokenLogprobs natural log-probability of each token given the prompt and the tokens
   *     before it, temperature 1
   */
  public record Score(double logprob, List<Double> tokenLogprobs) {
    public Score {
      tokenLogprobs = List.copyOf(tokenLogprobs);
    }
  }
}
