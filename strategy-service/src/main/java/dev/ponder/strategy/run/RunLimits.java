package dev.ponder.strategy.run;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.strategy.algorithm.Parameter;
import dev.ponder.strategy.algorithm.Parameters;
import dev.ponder.strategy.algorithm.SearchState.Limit;
import dev.ponder.strategy.log.Totals;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run may spend. Hard: a call is made only if it fits even when it turns out as large as it
 * can.
 *
 * @param calls model calls
 * @param tokens prompt and completion tokens of all calls together
 * @param parallelism calls in flight at a time
 */
record RunLimits(int calls, long tokens, int parallelism) {
  /** Parameters that every strategy has. */
  static final Parameters PARAMETERS =
      Parameters.of(
          new Parameter.Whole("max_calls", 512, 1, 512),
          new Parameter.Whole("max_total_tokens", 2_000_000, 1, 2_000_000),
          new Parameter.Whole("max_seconds", 1800, 1, 3600),
          new Parameter.Whole("parallelism", 8, 1, 32));

  static RunLimits of(Map<String, Object> params) {
    return new RunLimits(
        whole(params, "max_calls"),
        whole(params, "max_total_tokens"),
        whole(params, "parallelism"));
  }

  static Duration seconds(Map<String, Object> params) {
    return Duration.ofSeconds(whole(params, "max_seconds"));
  }

  /**
   * Returns why one more call must not be made, or null when it may.
   *
   * @param reserved tokens that calls in flight may still take
   * @param needed the most this call can take
   */
  @Nullable Limit refuses(Totals spent, long reserved, long needed) {
    if (spent.calls() >= calls) {
      return new Limit(ErrorCode.BUDGET_EXCEEDED.code(), "max_calls: all " + calls + " are used");
    }
    long used = spent.usage().promptTokens() + (long) spent.usage().completionTokens();
    if (used + reserved + needed > tokens) {
      return new Limit(
          ErrorCode.BUDGET_EXCEEDED.code(),
          "max_total_tokens: "
              + used
              + " of "
              + tokens
              + " are used and the next call may take "
              + needed);
    }
    return null;
  }

  private static int whole(Map<String, Object> params, String name) {
    return params.get(name) instanceof Number number ? number.intValue() : 1;
  }
}
