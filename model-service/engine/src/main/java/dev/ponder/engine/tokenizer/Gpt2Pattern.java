package dev.ponder.engine.tokenizer;

/**
 * GPT-2's pattern: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|
 * ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}.
 */
final class Gpt2Pattern implements PreTokenizer.Pattern {
  @Override
  public int end(String text, int from, int to) {
    char first = text.charAt(from);
    if (first == '\'') {
      int end = Contractions.end(text, from, to, false);
      if (end > from) {
        return end;
      }
    }
    int start = first == ' ' ? from + 1 : from;
    int charClass = CharClass.at(text, start, to);
    return switch (charClass) {
      case CharClass.LETTER, CharClass.NUMBER, CharClass.OTHER ->
          CharClass.endOfRun(text, start, to, charClass);
      default -> endOfSpace(from, CharClass.endOfRun(text, from, to, CharClass.SPACE), to);
    };
  }

  /**
   * The alternatives {@code \s+(?!\S)|\s+} for white space up to {@code end}: all of it before the
   * end of the text, else all but the last, which leads the next piece. White space is in the basic
   * plane, one unit each.
   */
  static int endOfSpace(int from, int end, int to) {
    return end < to && end - from > 1 ? end - 1 : end;
  }
}
