package dev.ponder.engine.tokenizer;

/**
 * The classes that pre-tokenizers tell apart: Unicode's letters (general category L), numbers (N),
 * white space (property White_Space), and all else. Letters, numbers and white space are disjoint.
 */
final class CharClass {
  static final int END = -1;
  static final int OTHER = 0;
  static final int LETTER = 1;
  static final int NUMBER = 2;
  static final int SPACE = 3;

  private static final byte[] BASIC_PLANE = new byte[1 << 16];

  static {
    for (int c = 0; c < BASIC_PLANE.length; c++) {
      BASIC_PLANE[c] = (byte) classify(c);
    }
  }

  private CharClass() {}

  static int of(int codePoint) {
    return codePoint < BASIC_PLANE.length ? BASIC_PLANE[codePoint] : classify(codePoint);
  }

  /** Returns the class of the code point at {@code i}, or {@link #END} at {@code to}. */
  static int at(String text, int i, int to) {
    return i >= to ? END : of(text.codePointAt(i));
  }

  /** Returns the end of the run of a class that starts at {@code i}. */
  static int endOfRun(String text, int i, int to, int charClass) {
    int end = i;
    while (end < to) {
      int codePoint = text.codePointAt(end);
      if (of(codePoint) != charClass) {
        break;
      }
      end += Character.charCount(codePoint);
    }
    return end;
  }

  static boolean isPunctuation(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  private static int classify(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      // White_Space is the separators and these six controls.
      case Character.CONTROL ->
          (codePoint >= 0x09 && codePoint <= 0x0D) || codePoint == 0x85 ? SPACE : OTHER;
      default -> OTHER;
    };
  }
}
