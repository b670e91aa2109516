package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Body of model-service's {@code POST /internal/v1/generate}. Exactly one of {@code messages},
 * {@code prompt} and {@code promptTokens} is given.
 *
 * @param model the model's id
 * @param messages a conversation, rendered with the model's own chat template
 * @param prompt raw text, not templated
 * @param promptTokens token ids, taken as they are
 * @param continueFinalMessage with messages: the last one is an assistant turn left open
 * @param n samples of the one prompt, 1 to 128
 * @param maxTokens at most this many tokens a sample; null: up to the context's end
 * @param stop texts that end a sample, not included in it; at most 16
 * @param sampling null: {@link Sampling#DEFAULT}
 * @param topLogprobs null: no logprobs; 0 to 20: the chosen token's and that many alternatives
 * @param ignoreEos go on past an end-of-sequence token; for measurements
 * @param useCache false: neither read nor write the prefix cache; null is true
 * @param group siblings of one run share a group; scheduled together
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GenerateRequest(
    String model,
    @Nullable List<ChatMessage> messages,
    @Nullable String prompt,
    @Nullable List<Integer> promptTokens,
    boolean continueFinalMessage,
    int n,
    @Nullable Integer maxTokens,
    @Nullable List<String> stop,
    @Nullable Sampling sampling,
    @Nullable Integer topLogprobs,
    boolean ignoreEos,
    @Nullable Boolean useCache,
    @Nullable String group) {

  /** A chat request with one sample and defaults elsewhere. */
  public static GenerateRequest chat(
      String model,
      List<ChatMessage> messages,
      int n,
      @Nullable Integer maxTokens,
      @Nullable List<String> stop,
      Sampling sampling) {
    return new GenerateRequest(
        model, messages, null, null, false, n, maxTokens, stop, sampling, null, false, null, null);
  }
}
