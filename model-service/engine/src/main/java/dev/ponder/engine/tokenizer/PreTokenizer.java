package dev.ponder.engine.tokenizer;

import java.util.function.IntPredicate;

/**
 * Cuts text into pieces that are tokenized on their own; the pieces in order are the whole text.
 * Takes time linear in the text, whatever it holds: the published regular expressions are written
 * out as scanners. Stateless; texts hold no lone surrogates.
 */
interface PreTokenizer {
  /** Receives the pieces in order, as ranges of the text. */
  @FunctionalInterface
  interface Sink {
    void accept(int from, int to);
  }

  /** Finds the end of the piece that starts at {@code from}, which is below {@code to}. */
  @FunctionalInterface
  interface Pattern {
    int end(String text, int from, int to);
  }

  void split(String text, int from, int to, Sink sink);

  /** Returns one that cuts the pieces of this one further. */
  default PreTokenizer then(PreTokenizer next) {
    return (text, from, to, sink) ->
        split(text, from, to, (start, end) -> next.split(text, start, end, sink));
  }

  /** Returns one whose pieces follow each other as the pattern says. */
  static PreTokenizer of(Pattern pattern) {
    return (text, from, to, sink) -> {
      int start = from;
      while (start < to) {
        int end = pattern.end(text, start, to);
        sink.accept(start, end);
        start = end;
      }
    };
  }

  /**
   * Returns one that cuts out runs of {@code least} to {@code most} code points of a kind, longest
   * first from the left, and leaves what is between them whole.
   */
  static PreTokenizer isolating(IntPredicate kind, int least, int most) {
    return (text, from, to, sink) -> {
      int gap = from;
      int i = from;
      while (i < to) {
        int end = i;
        int count = 0;
        while (end < to && count < most && kind.test(text.codePointAt(end))) {
          end += Character.charCount(text.codePointAt(end));
          count++;
        }
        if (count == 0) {
          i += Character.charCount(text.codePointAt(i));
        } else if (count < least) {
          i = end;
        } else {
          if (gap < i) {
            sink.accept(gap, i);
          }
          sink.accept(i, end);
          gap = end;
          i = end;
        }
      }
      if (gap < to) {
        sink.accept(gap, to);
      }
    };
  }
}
