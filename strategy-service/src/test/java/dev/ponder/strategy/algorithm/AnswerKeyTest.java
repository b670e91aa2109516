package dev.ponder.strategy.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.strategy.algorithm.AnswerKey.Extraction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerKeyTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "The total is 1,234.50 dollars.|2469/2",
        "so 5-3=2|2",
        "It costs $1,000.|1000",
        "x2 is not a number, 7 is|7",
        "0.5|1/2",
        "1/2|1/2",
        "2/4|1/2",
        "50%|50",
        "-0|0",
        "-3.0|-3",
        "1e3|1000",
        "\\boxed{42}|42",
        "\\boxed{\\frac{1}{2}} is it, see 9|1/2",
        "\\boxed{x^{2}}|x^{2}",
        "first \\boxed{1} then \\boxed{2}|2",
        "The answer is 42 apples.|42",
        "**Answer:** Paris.|paris",
        "Answer: 3 dogs and 4 cats|3 dogs and 4 cats",
        "Final answer: The Nile.|nile",
        "The capital is Paris!|capital is paris",
        "PARIS|paris",
        "\"Paris.\"|paris",
        "1/0|1/0",
        "\u22125|-5",
      })
  void automatic(String text, String key) {
    assertThat(AnswerKey.of(text, Extraction.AUTO)).isEqualTo(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"boxed|no box", "last_number|none", "answer_line|42", "text|..."})
  void noAnswerOfTheKindIsNoVote(String kind, String text) {
    assertThat(AnswerKey.of(text, Extraction.of(kind))).isNull();
  }

  @Test
  void longAndHostileTextsTakeNoTime() {
    // Each is quadratic or worse for a careless pattern.
    for (String text :
        new String[] {
          "1".repeat(1_000_000),
          "1,111".repeat(100_000),
          "answer ".repeat(100_000),
          "\\boxed{".repeat(100_000),
          "9e99 ".repeat(50_000),
          "a-".repeat(300_000),
          "*".repeat(1_000_000)
        }) {
      for (Extraction each : Extraction.values()) {
        assertThat(AnswerKey.of(text, each))
            .satisfiesAnyOf(k -> assertThat(k).isNull(), k -> assertThat(k).isNotEmpty());
      }
    }
  }
}
