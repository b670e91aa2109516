package dev.ponder.engine;

import java.util.List;

/**
 * One generated token.
 *
 * @param index the sample's index, 0 to n-1
 * @param id the token's id
 * @param text the text that became certain with this token: whole code points, never part of a stop
 *     string; often empty
 * @param logprob natural log-probability under the model's own distribution (temperature 1, before
 *     penalties and biases); NaN unless asked for
 * @param top the most likely tokens of that distribution, best first; empty unless asked for
 */
public record TokenEvent(int index, int id, String text, double logprob, List<TokenLogprob> top) {
  public TokenEvent {
    top = List.copyOf(top);
  }
}
