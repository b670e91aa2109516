package dev.ponder.engine.tokenizer;

/**
 * The pattern of Llama 3, and of Qwen 2 with one digit instead of three: {@code
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}. Only ASCII letters count as contractions.
 */
final class Llama3Pattern implements PreTokenizer.Pattern {
  private final int mostDigits;

  Llama3Pattern(int mostDigits) {
    this.mostDigits = mostDigits;
  }

  @Override
  public int end(String text, int from, int to) {
    int first = text.codePointAt(from);
    if (first == '\'') {
      int end = Contractions.end(text, from, to, true);
      if (end > from) {
        return end;
      }
    }
    int charClass = CharClass.of(first);
    if (charClass == CharClass.NUMBER) {
      return endOfNumber(text, from, to);
    }
    int afterFirst = from + Character.charCount(first);
    if (charClass == CharClass.LETTER
        || (!isLineBreak(first) && CharClass.at(text, afterFirst, to) == CharClass.LETTER)) {
      return CharClass.endOfRun(text, afterFirst, to, CharClass.LETTER);
    }
    int start = first == ' ' ? afterFirst : from;
    if (CharClass.at(text, start, to) == CharClass.OTHER) {
      int end = CharClass.endOfRun(text, start, to, CharClass.OTHER);
      while (end < to && isLineBreak(text.charAt(end))) {
        end++;
      }
      return end;
    }
    int end = CharClass.endOfRun(text, from, to, CharClass.SPACE);
    for (int i = end; i > from; i--) {
      if (isLineBreak(text.charAt(i - 1))) {
        return i;
      }
    }
    return Gpt2Pattern.endOfSpace(from, end, to);
  }

  private int endOfNumber(String text, int from, int to) {
    int end = from;
    for (int i = 0; i < mostDigits && CharClass.at(text, end, to) == CharClass.NUMBER; i++) {
      end += Character.charCount(text.codePointAt(end));
    }
    return end;
  }

  private static boolean isLineBreak(int codePoint) {
    return codePoint == '\r' || codePoint == '\n';
  }
}
