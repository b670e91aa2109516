package dev.ponder.strategy.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelfConsistencyTest extends AlgorithmContract {
  @Override
  Algorithm algorithm() {
    return new SelfConsistency();
  }

  @Override
  List<Map<String, Object>> parameterSets() {
    return List.of(
        Map.of(),
        Map.of("n", 1),
        Map.of("n", 64, "confidence", 0.999),
        Map.of("n", 13, "stopping", "adaptive"),
        Map.of("n", 16, "stopping", "none", "ties", "seeded"));
  }

  /** Expected values: 1 - I_1/2(v1 + 1, v2 + 1), computed independently. */
  @ParameterizedTest
  @CsvSource({
    "2,0,0.875",
    "3,0,0.9375",
    "4,0,0.9688",
    "4,1,0.8906",
    "5,1,0.9375",
    "6,1,0.9648",
    "7,2,0.9453",
    "8,2,0.9673",
    "9,3,0.9539",
    "0,0,0.5",
    "3,3,0.5"
  })
  void leaderProbability(int first, int second, double expected) {
    assertThat(BetaStop.leaderProbability(first, second)).isCloseTo(expected, within(5e-5));
  }

  private Outcome.Answer answer(Map<String, Object> params, Function<Integer, String> answers) {
    return (Outcome.Answer)
        work(task(params), call -> text(answers.apply(index(call)), 0), new SplittableRandom(3));
  }

  private static int index(Call call) {
    return Integer.parseInt(call.id().substring("sample/".length()));
  }

  @Test
  void fourAgreeingSamplesSettleTheVoteAndTheRestIsNoLongerWanted() {
    SearchState state = SearchState.of(task(Map.of("n", 16)));
    for (int i = 0; i < 3; i++) {
      state = state.tell("sample/" + i, text("42", 0));
    }
    assertThat(algorithm().step(state).wanted()).hasSize(13);
    Step settled = algorithm().step(state.tell("sample/3", text("It's 42.", 0)));
    assertThat(settled.wanted()).isEmpty();
    assertThat(settled.outcome())
        .isInstanceOfSatisfying(
            Outcome.Answer.class,
            answer -> assertThat(answer.why()).isEqualTo("4 of 4 samples agree"));
  }

  @Test
  void withoutAStoppingRuleAllAreDrawn() {
    SearchState state = SearchState.of(task(Map.of("n", 16, "stopping", "none")));
    for (int i = 0; i < 15; i++) {
      state = state.tell("sample/" + i, text("42", 0));
    }
    assertThat(algorithm().step(state).outcome()).isNull();
  }

  @Test
  void laterSamplesCannotReopenASettledVote() {
    SearchState state = SearchState.of(task(Map.of("n", 16)));
    for (int i = 15; i >= 4; i--) {
      state = state.tell("sample/" + i, text("7", 0));
    }
    assertThat(algorithm().step(state).outcome()).as("the first samples are missing").isNull();
    for (int i = 0; i < 4; i++) {
      state = state.tell("sample/" + i, text("42", 0));
    }
    assertThat(algorithm().step(state).outcome())
        .isInstanceOfSatisfying(
            Outcome.Answer.class, answer -> assertThat(answer.chosen()).isEqualTo("sample/0"));
  }

  @Test
  void adaptiveAsksInDoublingRounds() {
    SearchState state = SearchState.of(task(Map.of("n", 13, "stopping", "adaptive")));
    assertThat(algorithm().step(state).wanted()).hasSize(2);
    state = state.tell("sample/0", text("1", 0)).tell("sample/1", text("2", 0));
    assertThat(algorithm().step(state).wanted()).hasSize(2);
    state = state.tell("sample/2", text("3", 0)).tell("sample/3", text("1", 0));
    assertThat(algorithm().step(state).wanted()).hasSize(4);
    for (int i = 4; i < 8; i++) {
      state = state.tell("sample/" + i, text("1", 0));
    }
    // 6 of 8 is the share of 0.75 at which it stops.
    assertThat(algorithm().step(state).outcome())
        .isInstanceOfSatisfying(
            Outcome.Answer.class,
            answer -> assertThat(answer.why()).isEqualTo("6 of 8 samples agree"));
  }

  @Test
  void theLastRoundIsCutToN() {
    SearchState state = SearchState.of(task(Map.of("n", 5, "stopping", "adaptive")));
    for (int i = 0; i < 4; i++) {
      state = state.tell("sample/" + i, text("" + i, 0));
    }
    assertThat(algorithm().step(state).wanted()).hasSize(1);
  }

  @Test
  void stopsWhenTheRestCannotChangeTheLeader() {
    // n = 3: two equal answers cannot be outvoted by one, although 0.875 is not 0.95.
    SearchState state = SearchState.of(task(Map.of("n", 3)));
    state = state.tell("sample/0", text("42", 0)).tell("sample/1", text("42", 0));
    assertThat(algorithm().step(state).outcome()).isNotNull();
  }

  @Test
  void tiesGoToTheFirstOrToTheSeed() {
    Function<Integer, String> tied = i -> "" + i % 2;
    assertThat(answer(Map.of("n", 4, "stopping", "none"), tied).chosen()).isEqualTo("sample/0");
    Outcome.Answer seeded = answer(Map.of("n", 4, "stopping", "none", "ties", "seeded"), tied);
    assertThat(seeded.chosen()).isEqualTo("sample/" + Seeds.of(7, "tie") % 2);
  }

  @Test
  void samplesWithoutAnAnswerOfTheKindDoNotVote() {
    Outcome.Answer answer =
        answer(
            Map.of("n", 4, "extract", "boxed", "stopping", "none"),
            i -> i == 3 ? "\\boxed{5}" : "no idea");
    assertThat(answer.chosen()).isEqualTo("sample/3");
    assertThat(answer(Map.of("n", 2, "extract", "boxed"), i -> "no idea").why())
        .contains("gave an answer to count");
  }
}
