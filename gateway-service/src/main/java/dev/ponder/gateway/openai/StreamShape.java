package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;
import java.util.List;

/**
 * Turns the events of generations into the JSON chunks of one streamed answer. Stateful, one answer
 * each; not thread-safe, fed serially.
 */
public interface StreamShape {

  /**
   * Returns the chunks an event gives rise to, often one, sometimes none.
   *
   * @param prompt the event's prompt, from 0; a chat has only one
   */
  List<String> chunks(int prompt, GenerateEvent event);
}
