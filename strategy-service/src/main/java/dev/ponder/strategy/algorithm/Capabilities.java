package dev.ponder.strategy.algorithm;

/**
 * What the serving endpoint can do beyond completions.
 *
 * @param score it answers {@link Call.Score}; without it a judge rates in words
 * @param logprobs it tells log-probabilities of sampled tokens
 */
public record Capabilities(boolean score, boolean logprobs) {
  public static final Capabilities ALL = new Capabilities(true, true);
}
