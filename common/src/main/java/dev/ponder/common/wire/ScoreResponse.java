package dev.ponder.common.wire;

import java.util.List;

/**
 * Answer of {@code POST /internal/v1/score}.
 *
 * @param scores one per continuation, in the request's order
 */
public record ScoreResponse(String model, List<Score> scores, Usage usage) {
  /**
   * A continuation's log-probabilities.
   *
   * @param logprob sum over the tokens, natural logarithm
   * @param tokenLogprobs one per token
   */
  public record Score(double logprob, List<Integer> tokens, List<Double> tokenLogprobs) {}
}
