package dev.ponder.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The heap-based merge against the definition, over random vocabularies. */
class BytePairMergerTest {
  private static final long SEED = Long.getLong("test.seed", 20_251_123L);

  @Test
  void mergesTheLowestRankLeftmostFirst() {
    int leftmostMatters = 0;
    for (int round = 0; round < 60; round++) {
      SplittableRandom random = new SplittableRandom(SEED + round);
      Set<String> tokens = new LinkedHashSet<>(List.of("a", "b", "c"));
      Set<String> merges = new LinkedHashSet<>();
      for (int i = 0; i < 40; i++) {
        List<String> known = List.copyOf(tokens);
        String left = known.get(random.nextInt(known.size()));
        String right = known.get(random.nextInt(known.size()));
        if (left.length() + right.length() <= 9 && merges.add(left + " " + right)) {
          tokens.add(left + right);
        }
      }
      Tokenizer tokenizer = tokenizer(List.copyOf(tokens), List.copyOf(merges));
      for (int i = 0; i < 40; i++) {
        String text = word(random, random.nextInt(1, 80));
        List<String> expected = defined(text, List.copyOf(merges), false);
        assertThat(pieces(tokenizer, text))
            .as("seed %d, %s", SEED + round, text)
            .isEqualTo(expected);
        leftmostMatters += expected.equals(defined(text, List.copyOf(merges), true)) ? 0 : 1;
      }
    }
    assertThat(leftmostMatters).as("texts where the order of equal pairs shows").isPositive();
  }

  @Test
  void longPiecesAreMergedWhole() {
    Tokenizer tokenizer = tokenizer(List.of("a", "aa", "aaaa"), List.of("a a", "aa aa"));
    int[] ids = tokenizer.encode("a".repeat(1_000_003), false);
    assertThat(ids).hasSize(250_002).startsWith(2, 2).endsWith(2, 1, 0);
  }

  @Test
  void missingBytesAreLeftOutAndMergeWithNothing() {
    Tokenizer tokenizer = tokenizer(List.of("a", "aa"), List.of("a a"));
    assertThat(tokenizer.encode("aa", false)).containsExactly(1);
    assertThat(tokenizer.encode("axa", false)).containsExactly(0, 0);
    assertThat(tokenizer.encode("xyz", false)).isEmpty();
  }

  /** The definition of byte-pair encoding, in quadratic time. */
  private static List<String> defined(String text, List<String> merges, boolean rightmost) {
    List<String> parts = new ArrayList<>(text.chars().mapToObj(Character::toString).toList());
    while (true) {
      int best = -1;
      int bestRank = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int rank = merges.indexOf(parts.get(i) + " " + parts.get(i + 1));
        if (rank >= 0 && (rank < bestRank || (rightmost && rank == bestRank))) {
          best = i;
          bestRank = rank;
        }
      }
      if (best < 0) {
        return parts;
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  private static String word(SplittableRandom random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }

  private static List<String> pieces(Tokenizer tokenizer, String text) {
    List<String> pieces = new ArrayList<>();
    for (int id : tokenizer.encode(text, false)) {
      pieces.add(tokenizer.piece(id));
    }
    return pieces;
  }

  private static Tokenizer tokenizer(List<String> tokens, List<String> merges) {
    return TinyTokenizer.of(
        new GgufWriter()
            .put("tokenizer.ggml.model", "gpt2")
            .put("tokenizer.ggml.pre", "gpt-2")
            .put("tokenizer.ggml.tokens", tokens)
            .put("tokenizer.ggml.merges", merges));
  }
}
