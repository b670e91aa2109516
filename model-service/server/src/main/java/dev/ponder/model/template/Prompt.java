package dev.ponder.model.template;

import java.util.List;

/** A rendered conversation, cut where the origin of its text changes. */
public record Prompt(List<Span> spans) {
  /**
   * A run of characters of one origin.
   *
   * @param trusted whether the template wrote it, so that it may spell control tokens
   */
  public record Span(String text, boolean trusted) {}

  static Prompt of(Text text) {
    var spans = new java.util.ArrayList<Span>();
    for (int i = 0; i < text.length(); ) {
      int end = text.runEnd(i);
      spans.add(new Span(text.toString().substring(i, end), !text.isData(i)));
      i = end;
    }
    return new Prompt(List.copyOf(spans));
  }

  /** Returns the whole text, origins forgotten. */
  public String text() {
    StringBuilder text = new StringBuilder();
    spans.forEach(span -> text.append(span.text()));
    return text.toString();
  }
}
