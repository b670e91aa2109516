package dev.ponder.common.wire;

import java.util.List;

/**
 * @param scores one per continuation, in the request's order
 */
public record ScoreResponse(String model, List<Score> scores, Usage usage) {
  /**
   * @param logprob sum over the tokens, natural logarithm
   * @param tokenLogprobs one per token
   */
  public record Score(double logprob, List<Integer> tokens, List<Double> tokenLogprobs) {}
}
