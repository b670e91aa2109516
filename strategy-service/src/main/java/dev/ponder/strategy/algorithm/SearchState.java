package dev.ponder.strategy.algorithm;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that a run knows: an immutable value that survives a trip through JSON.
 *
 * <p>Algorithms keep no state of their own; they derive everything from the results told so far.
 * That is what makes telling idempotent and independent of order: a set has neither.
 *
 * @param told results by call id
 * @param closed why no further call may be made; null while calls may
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SearchState(Task task, SortedMap<String, Result> told, @Nullable Limit closed) {

  /**
   * What cut a run short.
   *
   * @param code wire form of an {@code ErrorCode}, in case there is no answer yet
   * @param reason says so in words
   */
  public record Limit(String code, String reason) {}

  public SearchState {
    told = Collections.unmodifiableSortedMap(new TreeMap<>(told));
  }

  public static SearchState of(Task task) {
    return new SearchState(task, new TreeMap<>(), null);
  }

  /** Returns the state with this result; the same state if the call was told before. */
  public SearchState tell(String callId, Result result) {
    if (told.containsKey(callId)) {
      return this;
    }
    TreeMap<String, Result> more = new TreeMap<>(told);
    more.put(callId, result);
    return new SearchState(task, more, closed);
  }

  /** Returns the state in which no further call will be made; the first reason stays. */
  public SearchState close(Limit limit) {
    return closed == null ? new SearchState(task, told, limit) : this;
  }

  @Nullable Result result(String callId) {
    return told.get(callId);
  }

  /** Returns a call's text, if it gave one that is not empty. */
  Result.@Nullable Text text(String callId) {
    return told.get(callId) instanceof Result.Text text && !text.isEmpty() ? text : null;
  }
}
