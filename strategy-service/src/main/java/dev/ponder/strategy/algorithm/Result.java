package dev.ponder.strategy.algorithm;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.ponder.common.wire.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What came of a {@link Call}; the form in which the event log keeps it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "result")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Result.Text.class, name = "text"),
  @JsonSubTypes.Type(value = Result.Scores.class, name = "scores"),
  @JsonSubTypes.Type(value = Result.Failure.class, name = "failure")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface Result {
  Usage usage();

  /**
   * A completion's text.
   *
   * @param finishReason {@code stop} or {@code length}
   * @param meanLogprob mean natural log-probability of its tokens; null when not asked for or not
   *     told
   */
  record Text(String text, String finishReason, @Nullable Double meanLogprob, Usage usage)
      implements Result {

    /** An empty answer counts as a call, not as a candidate or a vote. */
    @JsonIgnore
    public boolean isEmpty() {
      return text.isBlank();
    }
  }

  /**
   * Natural log-probabilities.
   *
   * @param logprobs one per continuation, in the call's order
   */
  record Scores(List<Double> logprobs, Usage usage) implements Result {}

  /**
   * A call that gave nothing. It is kept like any other result, so that a resumed run does not try
   * it again.
   *
   * @param code wire form of an {@code ErrorCode}
   */
  record Failure(String code, String message, Usage usage) implements Result {}
}
