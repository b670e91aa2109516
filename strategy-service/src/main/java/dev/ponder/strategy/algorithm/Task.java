package dev.ponder.strategy.algorithm;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Sampling;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to be answered, fixed when a run starts.
 *
 * @param seed every call's seed follows from it and from the call's id
 * @param maxTokens limit of each answer
 * @param sampling how answers are drawn; its seed is not used, {@code seed} is
 * @param params the strategy's parameters, complete and checked by {@link Parameters#complete}
 */
public record Task(
    long seed,
    List<ChatMessage> messages,
    int maxTokens,
    List<String> stop,
    Sampling sampling,
    Map<String, Object> params,
    Capabilities capabilities) {

  /**
   * Several samples of one prompt differ only if they are drawn with some warmth. Used when the
   * request sets no temperature of its own.
   */
  static final double SAMPLING_TEMPERATURE = 0.8;

  public Task {
    messages = List.copyOf(messages);
    stop = List.copyOf(stop);
    params = Map.copyOf(params);
  }

  /** An answer to the task's own question. */
  Call.Generate sample(String id, String kind, boolean logprobs) {
    return answer(id, null, kind, messages, logprobs);
  }

  /** An answer to a conversation that grew from the task's own. */
  Call.Generate answer(
      String id,
      @Nullable String parent,
      String kind,
      List<ChatMessage> conversation,
      boolean logprobs) {
    Double temperature = sampling.temperature();
    Sampling drawn =
        sampling
            .withTemperature(temperature == null ? SAMPLING_TEMPERATURE : temperature)
            .withSeed(Seeds.of(seed, id));
    return new Call.Generate(
        id, parent, kind, List.copyOf(conversation), drawn, maxTokens, stop, logprobs);
  }

  int integer(String name) {
    return ((Number) param(name)).intValue();
  }

  double number(String name) {
    return ((Number) param(name)).doubleValue();
  }

  boolean flag(String name) {
    return (Boolean) param(name);
  }

  String text(String name) {
    return (String) param(name);
  }

  private Object param(String name) {
    Object value = params.get(name);
    if (value == null) {
      throw new IllegalArgumentException(name + ": not among " + params.keySet());
    }
    return value;
  }
}
