package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Finds the names of special tokens in text: leftmost first, of several at one place the longest.
 * Immutable.
 */
final class SpecialTokens {
  private static final int LONGEST_NAME = 1024;

  private record Name(String text, int id) {}

  private final List<Name> sorted;
  private final BitSet firstChars = new BitSet();

  /** Takes the tokens of a vocabulary whose ids are {@code wanted}. */
  SpecialTokens(Vocabulary vocabulary, IntPredicate wanted) {
    this.sorted =
        IntStream.range(0, vocabulary.size())
            .filter(id -> wanted.test(id) && !vocabulary.piece(id).isEmpty())
            .mapToObj(id -> new Name(vocabulary.piece(id), id))
            .sorted(Comparator.comparing(Name::text).thenComparingInt(Name::id))
            .toList();
    for (Name name : sorted) {
      if (name.text.length() > LONGEST_NAME) {
        throw EngineException.invalidFile(
            Vocabulary.TOKENS + "[" + name.id + "]",
            name.text.length() + " characters",
            "at most " + LONGEST_NAME + " in a special token");
      }
      firstChars.set(name.text.charAt(0));
    }
  }

  boolean isEmpty() {
    return sorted.isEmpty();
  }

  /** Returns the id of the longest name that {@code text} has at {@code at}, or -1. */
  int longestAt(String text, int at) {
    if (!firstChars.get(text.charAt(at))) {
      return -1;
    }
    // [low, high) are the names that agree with the text up to depth: in sorted order they stand
    // together, and the one that ends there comes first.
    int low = 0;
    int high = sorted.size();
    int found = -1;
    for (int depth = 0; low < high; depth++) {
      Name first = sorted.get(low);
      if (first.text.length() == depth) {
        found = first.id;
        low++;
        while (low < high && sorted.get(low).text.length() == depth) {
          low++; // equal names: the first id counts
        }
      }
      if (at + depth >= text.length()) {
        break;
      }
      char c = text.charAt(at + depth);
      low = firstNotBelow(low, high, depth, c);
      high = firstNotBelow(low, high, depth, c + 1);
    }
    return found;
  }

  private int firstNotBelow(int from, int to, int depth, int c) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted.get(middle).text.charAt(depth) < c) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
