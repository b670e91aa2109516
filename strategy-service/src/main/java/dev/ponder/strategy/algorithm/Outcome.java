package dev.ponder.strategy.algorithm;

import java.util.List;

/** How a run ends. */
public sealed interface Outcome {

  /**
   * An answer.
   *
   * @param finishReason {@code stop} or {@code length}, as the chosen completion ended
   * @param why one sentence: how it was chosen, and what cut the run short if something did
   * @param chosen the call that wrote it
   * @param kept candidates that were not rejected: the chosen one and those that agree with it
   */
  record Answer(String text, String finishReason, String why, String chosen, List<String> kept)
      implements Outcome {}

  /**
   * No call gave anything to answer with.
   *
   * @param code wire form of an {@code ErrorCode}
   */
  record Failed(String code, String message) implements Outcome {}
}
