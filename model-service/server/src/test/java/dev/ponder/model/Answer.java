package dev.ponder.model;

import dev.ponder.common.wire.GenerateEvent;
import java.util.List;

/** The events of one generation, read by sample. */
public record Answer(List<GenerateEvent> events) {

  public List<GenerateEvent.Token> tokens(int index) {
    return events.stream()
        .filter(GenerateEvent.Token.class::isInstance)
        .map(GenerateEvent.Token.class::cast)
        .filter(token -> token.index() == index)
        .toList();
  }

  public List<Integer> ids(int index) {
    return tokens(index).stream().map(GenerateEvent.Token::id).toList();
  }

  public GenerateEvent.Finished finished(int index) {
    return events.stream()
        .filter(GenerateEvent.Finished.class::isInstance)
        .map(GenerateEvent.Finished.class::cast)
        .filter(finished -> finished.index() == index)
        .findFirst()
        .orElseThrow();
  }

  public String text(int index) {
    StringBuilder text = new StringBuilder();
    tokens(index).forEach(token -> text.append(token.text()));
    return text.append(finished(index).text()).toString();
  }

  public GenerateEvent.Started started() {
    return (GenerateEvent.Started) events.getFirst();
  }

  public GenerateEvent.Completed completed() {
    return (GenerateEvent.Completed) events.getLast();
  }
}
