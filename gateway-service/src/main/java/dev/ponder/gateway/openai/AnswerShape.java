package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;

/**
 * Collects the events of generations into one whole answer. Stateful, one answer each; not
 * thread-safe, fed serially.
 */
public interface AnswerShape {

  /**
   * Takes an event.
   *
   * @throws dev.ponder.common.error.PonderException when the answer grows beyond its limit
   */
  void accept(int prompt, GenerateEvent event);

  String toJson();
}
