package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.ponder.common.error.OpenAiError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of the NDJSON answer of {@code POST /internal/v1/generate}: {@code started}, then tokens
 * of all samples interleaved, a {@code finished} per sample, and {@code completed} last. An {@code
 * error} ends the stream instead.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = GenerateEvent.Started.class, name = "started"),
  @JsonSubTypes.Type(value = GenerateEvent.Token.class, name = "token"),
  @JsonSubTypes.Type(value = GenerateEvent.Finished.class, name = "finished"),
  @JsonSubTypes.Type(value = GenerateEvent.Completed.class, name = "completed"),
  @JsonSubTypes.Type(value = GenerateEvent.Failed.class, name = "error")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface GenerateEvent {

  /** Sent when the prompt's prefill is done and sampling begins. */
  record Started(String model, int promptTokens, int cachedTokens) implements GenerateEvent {}

  /**
   * One token of one sample.
   *
   * @param index the sample's index, 0 to n-1
   * @param id the token's id
   * @param text the text that became certain with this token; may be empty, never half a character
   * @param logprob natural log-probability under the model's own distribution (temperature 1,
   *     before penalties); null unless asked for
   * @param top the most likely alternatives, best first; null unless asked for
   * @param bytes the token's own UTF-8 bytes as unsigned values, perhaps part of a character, which
   *     {@code text} then lacks; null unless logprobs were asked for
   */
  record Token(
      int index,
      int id,
      String text,
      @Nullable Double logprob,
      @Nullable List<TokenLogprob> top,
      @Nullable List<Integer> bytes)
      implements GenerateEvent {

    public Token(
        int index,
        int id,
        String text,
        @Nullable Double logprob,
        @Nullable List<TokenLogprob> top) {
      this(index, id, text, logprob, top, null);
    }
  }

  /**
   * A sample's end.
   *
   * @param reason {@code stop} or {@code length}
   * @param text text held back for stop matching that turned out to belong to the answer
   */
  record Finished(int index, String reason, String text) implements GenerateEvent {}

  record Completed(Usage usage, Timings timings) implements GenerateEvent {}

  record Failed(OpenAiError.Detail error) implements GenerateEvent {}

  /**
   * A token that could have been chosen.
   *
   * @param bytes UTF-8 bytes of the token, as unsigned values
   */
  record TokenLogprob(int id, String text, List<Integer> bytes, double logprob) {}
}
