package dev.ponder.model.generate;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.model.SeedSource;
import dev.ponder.model.registry.LoadedModel;
import dev.ponder.model.registry.PromptEncoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns a request into the engine's terms, or says what is wrong with it. Thread-safe. */
final class GenerateRules {
  private static final int MOST_SAMPLES = 128;
  private static final int MOST_STOPS = 16;
  private static final int LONGEST_STOP = 256;
  private static final int MOST_ALTERNATIVES = 20;
  private static final int LONGEST_GROUP = 256;

  private final SamplingRules sampling;

  GenerateRules(SeedSource seeds) {
    this.sampling = new SamplingRules(seeds);
  }

  /** Checks what needs no model, so that a bad request never causes one to be loaded. */
  static void check(GenerateRequest request) {
    Checks.model(request.model());
    Checks.exactlyOne(
        "messages, prompt, promptTokens",
        request.messages(),
        request.prompt(),
        request.promptTokens());
    List<ChatMessage> messages = request.messages();
    if (messages != null) {
      Checks.messages(messages);
    }
    if (request.continueFinalMessage()
        && (messages == null || !messages.getLast().role().equals("assistant"))) {
      throw PonderException.invalid(
          "continueFinalMessage", true, "messages that end with one of the assistant");
    }
    Checks.range("n", request.n(), 1, MOST_SAMPLES);
    Integer maxTokens = request.maxTokens();
    if (maxTokens != null) {
      Checks.range("maxTokens", maxTokens, 1, Integer.MAX_VALUE);
    }
    stops(request.stop());
    Integer top = request.topLogprobs();
    if (top != null) {
      Checks.range("topLogprobs", top, 0, MOST_ALTERNATIVES);
    }
    String group = request.group();
    if (group != null) {
      Checks.range("length of group", group.length(), 1, LONGEST_GROUP);
    }
  }

  private static void stops(@Nullable List<? extends @Nullable String> stops) {
    if (stops == null) {
      return;
    }
    Checks.range("number of stop", stops.size(), 0, MOST_STOPS);
    for (int i = 0; i < stops.size(); i++) {
      String stop = stops.get(i);
      if (stop == null || stop.isEmpty()) {
        throw PonderException.invalid("stop[" + i + "]", "empty", "1 to 256 characters");
      }
      Checks.range("length of stop[" + i + "]", stop.length(), 1, LONGEST_STOP);
    }
  }

  /** Encodes the prompt and puts the engine's request together; takes its time. */
  GenerationSpec spec(GenerateRequest request, LoadedModel model, Caller caller) {
    EngineInfo info = model.info();
    int[] prompt = prompt(request, model.prompts(), info.vocabulary());
    Integer maxTokens = request.maxTokens();
    requireContext(prompt.length, maxTokens, info.contextLength());
    Integer top = request.topLogprobs();
    List<String> stops = request.stop();
    return GenerationSpec.of(new Namespace(caller.tenant()), prompt)
        .n(request.n())
        .maxTokens(maxTokens == null ? GenerationSpec.TO_CONTEXT_END : maxTokens)
        .sampler(sampling.settings(request.sampling(), info.vocabulary()))
        .stops(stops == null ? List.of() : stops)
        .topLogprobs(top == null ? -1 : top)
        .ignoreEos(request.ignoreEos())
        .useCache(!Boolean.FALSE.equals(request.useCache()))
        .group(request.group())
        .build();
  }

  private static int[] prompt(GenerateRequest request, PromptEncoder encoder, int vocabulary) {
    List<ChatMessage> messages = request.messages();
    String text = request.prompt();
    int[] ids;
    if (messages != null) {
      ids = encoder.conversation(messages, request.continueFinalMessage());
    } else if (text != null) {
      ids = encoder.text("prompt", text);
    } else {
      ids = tokens(request.promptTokens(), vocabulary);
    }
    if (ids.length == 0) {
      throw PonderException.invalid("prompt", "empty", "at least one token");
    }
    return ids;
  }

  private static int[] tokens(@Nullable List<? extends @Nullable Integer> given, int vocabulary) {
    int[] ids = new int[given == null ? 0 : given.size()];
    for (int i = 0; i < ids.length && given != null; i++) {
      Integer id = given.get(i);
      if (id == null || id < 0 || id >= vocabulary) {
        throw PonderException.invalid(
            "promptTokens[" + i + "]", id, "token ids from 0 to " + (vocabulary - 1));
      }
      ids[i] = id;
    }
    return ids;
  }

  private static void requireContext(int prompt, @Nullable Integer maxTokens, int context) {
    long wanted = (long) prompt + (maxTokens == null ? 1 : maxTokens);
    if (wanted > context) {
      throw new PonderException(
          ErrorCode.CONTEXT_TOO_LONG,
          "the model's context is "
              + context
              + " tokens, but "
              + wanted
              + " are asked for: "
              + prompt
              + " in the prompt, "
              + (wanted - prompt)
              + " to generate",
          maxTokens != null && prompt < context ? "maxTokens" : "messages",
          null,
          null);
    }
  }
}
