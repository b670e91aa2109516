package dev.ponder.strategy.run;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Step.Assessment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the events of a run's log say. */
final class RunPayloads {
  private RunPayloads() {}

  /** A call as those see it who follow the run: the last message only, and not all of it. */
  static Map<String, Object> question(Call call) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("kind", call.kind());
    String parent = call.parent();
    if (parent != null) {
      payload.put("parent", parent);
    }
    List<ChatMessage> messages = call.messages();
    String prompt = messages.isEmpty() ? "" : messages.getLast().content();
    payload.put("prompt", prompt.length() <= 240 ? prompt : prompt.substring(0, 237) + "...");
    if (call instanceof Call.Generate generate) {
      payload.put("maxTokens", generate.maxTokens());
      Long seed = generate.sampling().seed();
      if (seed != null) {
        payload.put("seed", seed);
      }
    }
    return payload;
  }

  static Map<String, Object> scored(Assessment assessment) {
    Map<String, Object> payload = new LinkedHashMap<>();
    if (assessment.score() != null) {
      payload.put("score", assessment.score());
    }
    if (assessment.key() != null) {
      payload.put("key", assessment.key());
    }
    return payload;
  }

  static Map<String, Object> usage(Usage usage) {
    return Map.of(
        "promptTokens", usage.promptTokens(),
        "completionTokens", usage.completionTokens(),
        "cachedTokens", usage.cachedTokens());
  }
}
