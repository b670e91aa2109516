package dev.ponder.engine.tokenizer;

/** English endings after an apostrophe: {@code 's 't 'm 'd 're 've 'll}. */
final class Contractions {
  private Contractions() {}

  /** Returns the end of the contraction at {@code from}, or {@code from} if there is none. */
  static int end(String text, int from, int to, boolean anyCase) {
    if (letter(text, from + 1, to, anyCase) == 0) {
      return from;
    }
    char first = letter(text, from + 1, to, anyCase);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return from + 2;
    }
    char second = letter(text, from + 2, to, anyCase);
    boolean two =
        ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
    return two ? from + 3 : from;
  }

  /** Returns the ASCII letter at {@code i}, made small if {@code anyCase}; 0 if there is none. */
  private static char letter(String text, int i, int to, boolean anyCase) {
    if (i >= to) {
      return 0;
    }
    char c = text.charAt(i);
    return anyCase && c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }
}
