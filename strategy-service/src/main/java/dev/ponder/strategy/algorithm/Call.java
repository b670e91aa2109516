package dev.ponder.strategy.algorithm;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Sampling;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One question to a model. Its id is unique in a run and says what it is for, such as {@code
 * sample/3}; the same state always asks the same call under the same id.
 */
public sealed interface Call {
  String id();

  /** The call whose result this one works on, its parent in the decision tree; null at the root. */
  @Nullable String parent();

  /** What it is for: {@code sample, score, draft, feedback, revision}. */
  String kind();

  /** What the model reads. */
  List<ChatMessage> messages();

  /**
   * A completion.
   *
   * @param sampling has its seed set
   * @param maxTokens at most this many tokens
   * @param logprobs whether the result needs its mean log-probability
   */
  record Generate(
      String id,
      @Nullable String parent,
      String kind,
      List<ChatMessage> messages,
      Sampling sampling,
      int maxTokens,
      List<String> stop,
      boolean logprobs)
      implements Call {}

  /** The log-probabilities of given continuations. */
  record Score(
      String id,
      @Nullable String parent,
      String kind,
      List<ChatMessage> messages,
      List<String> continuations)
      implements Call {}
}
