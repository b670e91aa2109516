package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.Sampling;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What chat and completion requests have in common.
 *
 * @param model null only when the strategy field names a strategy
 * @param n samples, 1 to {@link #MAX_SAMPLES}
 * @param maxTokens null: up to the context's end
 * @param stop null: none
 * @param includeUsage a streamed answer ends with a chunk of usage
 * @param includePonderEvents a streamed run shows its events
 * @param ignoreEos go on past the end of sequence; for measurements
 */
public record Settings(
    @Nullable String model,
    @Nullable StrategyChoice strategy,
    int n,
    @Nullable Integer maxTokens,
    @Nullable List<String> stop,
    Sampling sampling,
    boolean stream,
    boolean includeUsage,
    boolean includePonderEvents,
    boolean ignoreEos) {

  /** OpenAI's bound too; vLLM's default of 16384 lets one request take the machine. */
  public static final int MAX_SAMPLES = 128;

  private static final int MAX_STOPS = 4;
  private static final int MAX_BIASES = 1_024;
  private static final int MAX_NAME = 256;

  static Settings read(Fields body) {
    StrategyChoice strategy = StrategyChoice.read(body);
    String model = body.string("model", 1, MAX_NAME);
    if (model == null && (strategy == null || strategy.name() == null)) {
      throw PonderException.missing("model", "the name of a model or strategy, see /v1/models");
    }
    Integer n = body.integer("n", 1, MAX_SAMPLES);
    Integer maxTokens = body.integer("max_tokens", 1, Integer.MAX_VALUE);
    Integer maxCompletionTokens = body.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    boolean stream = body.bool("stream");
    JsonNode options = body.get("stream_options");
    boolean includeUsage = false;
    boolean includePonderEvents = false;
    if (options != null) {
      if (!stream) {
        throw PonderException.invalid(
            "stream_options", Fields.show(options), "absent unless stream is true");
      }
      Fields fields = Fields.of(options, "stream_options");
      includeUsage = fields.bool("include_usage");
      includePonderEvents = fields.bool("include_ponder_events");
    }
    body.string("user", 0, 512);
    refuseWhatIsNotThereYet(body);
    return new Settings(
        model,
        strategy,
        n == null ? 1 : n,
        maxCompletionTokens == null ? maxTokens : maxCompletionTokens,
        body.strings("stop", MAX_STOPS, 1_024),
        sampling(body),
        stream,
        includeUsage,
        includePonderEvents,
        body.bool("ignore_eos"));
  }

  private static Sampling sampling(Fields body) {
    return new Sampling(
        body.number("temperature", 0, 2),
        body.integer("top_k", 0, 1_000_000),
        body.numberAbove("top_p", 0, 1),
        body.number("min_p", 0, 1),
        body.numberAbove("repetition_penalty", 0, 2),
        body.number("frequency_penalty", -2, 2),
        body.number("presence_penalty", -2, 2),
        logitBias(body),
        body.int64("seed"));
  }

  private static @Nullable Map<Integer, Double> logitBias(Fields body) {
    JsonNode value = body.get("logit_bias");
    if (value == null) {
      return null;
    }
    Fields fields = Fields.of(value, "logit_bias");
    if (value.size() > MAX_BIASES) {
      throw PonderException.invalid(
          "logit_bias", value.size() + " tokens", "at most " + MAX_BIASES + " tokens");
    }
    Map<Integer, Double> biases = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : fields.node().properties()) {
      if (!entry.getKey().matches("[0-9]{1,9}")) {
        throw PonderException.invalid("logit_bias", entry.getKey(), "token ids as keys");
      }
      biases.put(
          Integer.valueOf(entry.getKey()),
          Fields.number(
              entry.getValue(),
              "logit_bias." + entry.getKey(),
              -100,
              100,
              "a number from -100 to 100"));
    }
    return biases;
  }

  /**
   * A field that changes what the answer must be is never ignored in silence: refused unless it
   * asks for what happens anyway. Fields of billing or bookkeeping are ignored.
   */
  private static void refuseWhatIsNotThereYet(Fields body) {
    for (String list : List.of("tools", "functions")) {
      JsonNode value = body.get(list);
      if (value != null && !(value.isArray() && value.isEmpty())) {
        throw body.unsupported(list, "absent or empty: tool calls are not supported yet");
      }
    }
    for (String choice : List.of("tool_choice", "function_call")) {
      JsonNode value = body.get(choice);
      if (value != null && !isOneOf(value, "none", "auto")) {
        throw body.unsupported(choice, "none or auto: tool calls are not supported yet");
      }
    }
    JsonNode format = body.get("response_format");
    if (format != null) {
      JsonNode type = Fields.of(format, "response_format").required("type", "text");
      if (!isOneOf(type, "text")) {
        throw PonderException.invalid(
            "response_format.type",
            Fields.show(type),
            "text: structured output is not supported yet");
      }
    }
    JsonNode modalities = body.get("modalities");
    if (modalities != null
        && !(modalities.isArray()
            && modalities.size() == 1
            && isOneOf(modalities.get(0), "text"))) {
      throw body.unsupported("modalities", "[\"text\"]");
    }
    for (String extra : List.of("audio", "web_search_options")) {
      if (body.get(extra) != null) {
        throw body.unsupported(extra, "absent: not supported");
      }
    }
  }

  private static boolean isOneOf(JsonNode value, String... allowed) {
    return value.isString() && List.of(allowed).contains(value.stringValue());
  }
}
