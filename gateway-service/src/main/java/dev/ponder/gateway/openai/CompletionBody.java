package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A checked body of {@code POST /v1/completions}. Prompts times samples are at most {@link
 * Settings#MAX_SAMPLES}.
 *
 * @param topLogprobs null: no logprobs
 */
public record CompletionBody(
    Settings settings, List<Prompt> prompts, @Nullable Integer topLogprobs) {

  /** One prompt: text, or token ids taken as they are. */
  public record Prompt(@Nullable String text, @Nullable List<Integer> tokens) {}

  private static final int MAX_TOP_LOGPROBS = 20;
  private static final String RULE =
      "a string, an array of strings, an array of token ids or an array of those";

  /**
   * Checks a body.
   *
   * @throws PonderException naming the first offending field
   */
  public static CompletionBody read(JsonNode body) {
    Fields fields = Fields.ofBody(body);
    Settings settings = Settings.read(fields);
    List<Prompt> prompts = prompts(fields.required("prompt", RULE));
    if (prompts.size() * settings.n() > Settings.MAX_SAMPLES) {
      throw PonderException.invalid(
          "n",
          prompts.size() + " prompts of " + settings.n(),
          "at most " + Settings.MAX_SAMPLES + " answers in all");
    }
    if (fields.bool("echo")) {
      throw fields.unsupported("echo", "false: not supported");
    }
    String suffix = fields.string("suffix", 0, Integer.MAX_VALUE);
    if (suffix != null && !suffix.isEmpty()) {
      throw fields.unsupported("suffix", "absent: not supported");
    }
    Integer bestOf = fields.integer("best_of", 1, Settings.MAX_SAMPLES);
    if (bestOf != null && bestOf != settings.n()) {
      throw PonderException.invalid(
          "best_of", bestOf, "equal to n; to choose among samples use the strategy best_of_n");
    }
    return new CompletionBody(settings, prompts, fields.integer("logprobs", 0, MAX_TOP_LOGPROBS));
  }

  /** The request of one prompt for the model-service. */
  public GenerateRequest toGenerate(String model, Prompt prompt) {
    return new GenerateRequest(
        model,
        null,
        prompt.text(),
        prompt.tokens(),
        false,
        settings.n(),
        settings.maxTokens(),
        settings.stop(),
        settings.sampling(),
        topLogprobs,
        settings.ignoreEos(),
        null,
        null);
  }

  private static List<Prompt> prompts(JsonNode value) {
    if (value.isString()) {
      return List.of(new Prompt(Fields.string(value, "prompt", 0, Integer.MAX_VALUE), null));
    }
    if (!value.isArray() || value.isEmpty()) {
      throw PonderException.invalid("prompt", Fields.show(value), RULE);
    }
    if (value.get(0).isNumber()) {
      return List.of(new Prompt(null, tokens(value, "prompt")));
    }
    if (value.size() > Settings.MAX_SAMPLES) {
      throw PonderException.invalid(
          "prompt", value.size() + " prompts", "at most " + Settings.MAX_SAMPLES);
    }
    List<Prompt> prompts = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      JsonNode each = value.get(i);
      String name = "prompt[" + i + "]";
      prompts.add(
          each.isArray() && !each.isEmpty()
              ? new Prompt(null, tokens(each, name))
              : new Prompt(Fields.string(each, name, 0, Integer.MAX_VALUE), null));
    }
    return prompts;
  }

  private static List<Integer> tokens(JsonNode array, String name) {
    List<Integer> tokens = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      tokens.add(
          Fields.integer(array.get(i), name + "[" + i + "]", 0, Integer.MAX_VALUE, "a token id"));
    }
    return tokens;
  }
}
