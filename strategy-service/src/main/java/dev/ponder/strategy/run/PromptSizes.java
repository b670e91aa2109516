package dev.ponder.strategy.run;

import dev.ponder.common.wire.ChatMessage;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many tokens prompts have: known ones exactly, others from above. NOT thread safe. */
final class PromptSizes {
  /** Role, turn markers and their line breaks; a default system prompt a template may add. */
  private static final int TOKENS_PER_MESSAGE = 16;

  private static final int TOKENS_PER_PROMPT = 64;

  private final Map<List<ChatMessage>, Integer> known = new HashMap<>();

  void learn(List<ChatMessage> messages, int tokens) {
    if (tokens > 0) {
      known.put(messages, tokens);
    }
  }

  boolean knows(List<ChatMessage> messages) {
    return known.containsKey(messages);
  }

  /** Returns at least the prompt's tokens: a token of any vocabulary has at least one byte. */
  int atMost(List<ChatMessage> messages) {
    Integer exact = known.get(messages);
    if (exact != null) {
      return exact;
    }
    int bound = TOKENS_PER_PROMPT;
    for (ChatMessage each : messages) {
      bound += each.content().getBytes(StandardCharsets.UTF_8).length + TOKENS_PER_MESSAGE;
    }
    return bound;
  }
}
