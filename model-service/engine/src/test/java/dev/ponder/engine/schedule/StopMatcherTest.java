package dev.ponder.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StopMatcherTest {

  @Test
  void holdsBackWhatMayBecomeAStopString() {
    StopMatcher matcher = new StopMatcher(List.of("END", "\n\n"));
    assertThat(matcher.accept("one E")).isEqualTo("one ");
    assertThat(matcher.accept("N")).isEmpty();
    assertThat(matcher.accept("d\n")).isEqualTo("ENd");
    assertThat(matcher.accept("x")).isEqualTo("\nx");
    assertThat(matcher.accept("tail EN")).isEqualTo("tail ");
    assertThat(matcher.rest()).isEqualTo("EN");
    assertThat(matcher.found()).isFalse();
  }

  @Test
  void letsNothingOfTheStopStringThroughAndNothingBehindIt() {
    StopMatcher matcher = new StopMatcher(List.of("END"));
    assertThat(matcher.accept("text EN")).isEqualTo("text ");
    assertThat(matcher.accept("D more")).isEmpty();
    assertThat(matcher.found()).isTrue();
    assertThat(matcher.accept("and more")).isEmpty();
    assertThat(matcher.rest()).isEmpty();
  }

  @Test
  void ofStringsThatEndTogetherTheLongestCounts() {
    StopMatcher matcher = new StopMatcher(List.of("c", "abc", "bc"));
    assertThat(matcher.accept("xab")).isEqualTo("x");
    assertThat(matcher.accept("c")).isEmpty();
    assertThat(matcher.found()).isTrue();
  }

  @Test
  void withoutStopStringsEverythingPasses() {
    StopMatcher matcher = new StopMatcher(List.of());
    assertThat(matcher.accept("anything")).isEqualTo("anything");
    assertThat(matcher.rest()).isEmpty();
  }

  /** However the text is cut, the result is that of a search in the whole text. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithASearchInTheWholeText(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 3000; round++) {
      List<String> stops = new ArrayList<>();
      for (int s = random.nextInt(4); s > 0; s--) {
        stops.add(letters(random, 1 + random.nextInt(5)));
      }
      String text = letters(random, random.nextInt(30));
      StopMatcher matcher = new StopMatcher(stops);
      StringBuilder got = new StringBuilder();
      String expected = expected(text, stops);
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + 1 + random.nextInt(4));
        got.append(matcher.accept(text.substring(at, end)));
        assertThat(expected).as("seed %d", seed).startsWith(got);
        at = end;
      }
      got.append(matcher.rest());
      assertThat(got.toString()).as("seed %d: %s in %s", seed, stops, text).isEqualTo(expected);
      assertThat(matcher.found()).isEqualTo(expected.length() < text.length());
    }
  }

  private static String letters(SplittableRandom random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }

  private static String expected(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String head = text.substring(0, end);
      int longest = stops.stream().filter(head::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return head.substring(0, end - longest);
      }
    }
    return text;
  }
}
