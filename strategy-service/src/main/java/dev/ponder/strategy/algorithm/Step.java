package dev.ponder.strategy.algorithm;

import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a state amounts to.
 *
 * @param wanted calls that are worth making and have no result yet, the most useful first; a call
 *     that was wanted and no longer is may be cancelled
 * @param assessments what is known of each candidate, by the id of the call that wrote it
 * @param outcome the end; null while {@code wanted} is not empty
 */
public record Step(
    List<Call> wanted, SortedMap<String, Assessment> assessments, @Nullable Outcome outcome) {

  public Step {
    wanted = outcome == null ? List.copyOf(wanted) : List.of();
  }

  /**
   * What is known of a candidate.
   *
   * @param score higher is better; null while unknown or when it could not be had
   * @param key the answer it votes for, in canonical form; null where nobody votes
   */
  public record Assessment(@Nullable Double score, @Nullable String key) {}
}
