package dev.ponder.strategy.algorithm;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.wire.StrategyInfo;
import java.util.List;

/**
 * A strategy as a pure function of its state, after the ask/tell contract of TreeQuest: {@link
 * #ask} says which calls to make, {@link SearchState#tell} takes their results in any order, as
 * often as they come.
 *
 * <p>Implementations are stateless and therefore thread-safe.
 */
public interface Algorithm {
  String name();

  /** One sentence for people who choose among strategies. */
  String description();

  Parameters parameters();

  /**
   * Refuses a task this strategy cannot work on.
   *
   * @throws dev.ponder.common.error.PonderException naming the parameter
   */
  default void check(Task task) {}

  /**
   * Returns what to do. A state that is closed, or whose wanted calls have all been told, has an
   * outcome.
   */
  Step step(SearchState state);

  /** Returns at most {@code k} calls that have no result yet, the most useful first. */
  default List<Call> ask(SearchState state, int k) {
    return step(state).wanted().stream().limit(k).toList();
  }

  default StrategyInfo info() {
    return new StrategyInfo(name(), description(), parameters().defaults());
  }

  /**
   * The outcome of a run in which no call gave a text: the first failure's, in the order of call
   * ids, or the reason that no call was allowed.
   */
  static Outcome.Failed nothingFrom(SearchState state) {
    for (Result each : state.told().values()) {
      if (each instanceof Result.Failure failure) {
        return new Outcome.Failed(
            failure.code(), "no call gave an answer; the first failure: " + failure.message());
      }
    }
    SearchState.Limit closed = state.closed();
    return closed == null
        ? new Outcome.Failed(
            ErrorCode.UPSTREAM_FAILED.code(), "no call gave an answer: every text was empty")
        : new Outcome.Failed(closed.code(), "no call gave an answer: " + closed.reason());
  }

  /** Appends to a reason what cut the run short, if something did. */
  static String withLimit(String why, SearchState state) {
    SearchState.Limit closed = state.closed();
    return closed == null ? why : why + "; stopped early: " + closed.reason();
  }
}
