package dev.ponder.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreTokenizersTest {
  private static final long SEED = Long.getLong("test.seed", 20_251_123L);
  private static final Pattern GPT2 =
      unicode("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
  private static final String LLAMA3_WITH =
      "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,%d}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "smollm; a12 b; a|1|2| b",
        "smollm; it's 3 o'clock; it|'s| |3| o|'|clock",
        "smollm; x  y; x| | y",
        "smollm; x  1; x|  |1",
        "gpt-2; a12 b; a|12| b",
        "gpt-2; x  1; x| | 1",
        "llama-bpe; a12345 b; a|123|45| b",
        "llama-bpe; (word) I'LL; (word|)| I|'LL",
        "qwen2; a123; a|1|2|3",
        "default; a1234, b; a|123|4|,| b",
      })
  void cutsAsPublished(String name, String text, String pieces) {
    assertThat(String.join("|", pieces(PreTokenizers.named(name), text))).isEqualTo(pieces);
  }

  @Test
  void agreesWithTheRegularExpressionsOnRandomText() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 5_000; i++) {
      String text = RandomText.of(random, 24);
      same(text, "gpt-2", matches(GPT2, text));
      same(text, "smollm", isolated(Pattern.compile("\\p{N}"), GPT2, text));
      same(text, "llama-bpe", matches(unicode(LLAMA3_WITH.formatted(3)), text));
      same(text, "qwen2", matches(unicode(LLAMA3_WITH.formatted(1)), text));
    }
  }

  @Test
  void textsTellThePatternsApart() {
    SplittableRandom random = new SplittableRandom(SEED);
    int unlike = 0;
    for (int i = 0; i < 100; i++) {
      String text = RandomText.of(random, 24);
      unlike += pieces(PreTokenizers.named("smollm"), text).equals(matches(GPT2, text)) ? 0 : 1;
    }
    assertThat(unlike).as("seed %d", SEED).isGreaterThan(10);
  }

  @Timeout(120) // ends a hang; linear time takes a second
  @ParameterizedTest
  @ValueSource(strings = {"a", " ", "\n", "1", ".", "'", "中", "'s", "\n "})
  void takesTenMillionCharactersOfOneKind(String unit) {
    String text = unit.repeat(10_000_000 / unit.length());
    for (String name : List.of("smollm", "gpt-2", "llama-bpe", "qwen2", "default")) {
      int[] end = {0};
      PreTokenizers.named(name)
          .split(
              text,
              0,
              text.length(),
              (from, to) -> {
                if (from != end[0] || to <= from) {
                  throw new AssertionError(name + " at " + from);
                }
                end[0] = to;
              });
      assertThat(end[0]).as(name).isEqualTo(text.length());
    }
  }

  @Test
  void refusesUnknownNamesAndListsTheKnown() {
    assertThatThrownBy(() -> PreTokenizers.named("tekken"))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.UNSUPPORTED))
        .hasMessageStartingWith(
            "tokenizer.ggml.pre: tekken (expected: one of command-r, deepseek-r1-qwen, default,")
        .hasMessageContaining("smollm");
  }

  private static void same(String text, String name, List<String> expected) {
    assertThat(pieces(PreTokenizers.named(name), text))
        .as("%s, seed %d", name, SEED)
        .isEqualTo(expected);
  }

  private static List<String> pieces(PreTokenizer preTokenizer, String text) {
    List<String> pieces = new ArrayList<>();
    preTokenizer.split(text, 0, text.length(), (from, to) -> pieces.add(text.substring(from, to)));
    return pieces;
  }

  private static List<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group()).toList();
  }

  private static List<String> isolated(Pattern alone, Pattern rest, String text) {
    List<String> pieces = new ArrayList<>();
    int gap = 0;
    Matcher matcher = alone.matcher(text);
    while (matcher.find()) {
      pieces.addAll(matches(rest, text.substring(gap, matcher.start())));
      pieces.add(matcher.group());
      gap = matcher.end();
    }
    pieces.addAll(matches(rest, text.substring(gap)));
    return pieces;
  }

  private static Pattern unicode(String regex) {
    return Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS);
  }
}
