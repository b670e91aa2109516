package dev.ponder.strategy.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.wire.Usage;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BestOfNTest extends AlgorithmContract {
  @Override
  Algorithm algorithm() {
    return new BestOfN();
  }

  @Override
  List<Map<String, Object>> parameterSets() {
    return List.of(
        Map.of("scoring", "logprob"),
        Map.of("scoring", "judge"),
        Map.of("n", 1),
        Map.of("n", 64, "scoring", "judge", "weighted", true),
        Map.of("n", 9, "weighted", true));
  }

  private Outcome.Answer answer(Map<String, Object> params, Function<Call, Result> model) {
    return (Outcome.Answer) work(task(params), model, new SplittableRandom(1));
  }

  private static double number(Call call) {
    return Double.parseDouble(call.id().substring(call.id().lastIndexOf('/') + 1));
  }

  @Test
  void takesTheHighestMeanLogprobAndTheFirstAmongEquals() {
    double[] means = {-0.5, -0.2, -0.2, -0.9};
    Outcome.Answer answer =
        answer(
            Map.of("n", 4, "scoring", "logprob"),
            call -> text("t" + (int) number(call), means[(int) number(call)]));
    assertThat(answer.chosen()).isEqualTo("sample/1");
    assertThat(answer.text()).isEqualTo("t1");
    assertThat(answer.kept()).containsExactly("sample/1");
    assertThat(answer.why()).contains("-0.200").contains("4 answers");
  }

  @Test
  void dropsScoresThatAreNoNumber() {
    Outcome.Answer answer =
        answer(
            Map.of("n", 3, "scoring", "logprob"),
            call -> text("t", number(call) == 2 ? -5 : Double.NaN));
    assertThat(answer.chosen()).isEqualTo("sample/2");
  }

  @Test
  void withoutAnyScoreTheFirstAnswerIsGivenAndSaidSo() {
    Outcome.Answer answer =
        answer(
            Map.of("n", 3, "scoring", "judge"),
            call -> call.kind().equals("score") ? failed() : text("t", 0));
    assertThat(answer.chosen()).isEqualTo("sample/0");
    assertThat(answer.why()).contains("could be scored");
  }

  @Test
  void asksTheJudgeForYesAgainstNo() {
    Outcome.Answer answer =
        answer(
            Map.of("n", 3, "scoring", "judge"),
            call ->
                call instanceof Call.Score
                    ? new Result.Scores(
                        List.of(call.id().endsWith("/1") ? -0.1 : -3.0, -2.0), Usage.ZERO)
                    : text("t", 0));
    assertThat(answer.chosen()).isEqualTo("sample/1");
    // 1 / (1 + e^(-2 + 0.1))
    assertThat(answer.why()).contains("0.870");
  }

  @Test
  void ratesInWordsWhereTheEndpointCannotScore() {
    Task task = task(Map.of("n", 3, "scoring", "judge"), new Capabilities(false, false));
    Outcome outcome =
        work(
            task,
            call -> {
              assertThat(call).isInstanceOf(Call.Generate.class);
              return call.kind().equals("score")
                  ? text(call.id().endsWith("/2") ? "I'd say 9/10" : "4", 0)
                  : text("t", 0);
            },
            new SplittableRandom(1));
    assertThat(((Outcome.Answer) outcome).chosen()).isEqualTo("sample/2");
  }

  @Test
  void refusesLogprobsWhereThereAreNone() {
    Task task = task(Map.of("scoring", "logprob"), new Capabilities(false, false));
    assertThatThrownBy(() -> new BestOfN().check(task)).hasMessageStartingWith("params.scoring");
  }

  @Test
  void weighsByAnswerWhenAskedTo() {
    // One sample is surest of 7, but three that say 42 weigh more together.
    Function<Call, Result> model =
        call -> number(call) == 0 ? text("answer: 7", -0.1) : text("It is 42.0", -0.5);
    assertThat(answer(Map.of("n", 4, "scoring", "logprob"), model).chosen()).isEqualTo("sample/0");
    Outcome.Answer weighted = answer(Map.of("n", 4, "scoring", "logprob", "weighted", true), model);
    assertThat(weighted.chosen()).isEqualTo("sample/1");
    assertThat(weighted.kept()).containsExactly("sample/1", "sample/2", "sample/3");
  }

  @ParameterizedTest
  @CsvSource({"8,0.8", "10/10,1.0", "Rating: 7.5,0.75", "eleven,NaN", "11,NaN", "-3,NaN", "'',NaN"})
  void readsRatings(String text, Double expected) {
    assertThat(Scorer.rating(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"n,0", "n,65", "n,2.5", "n,many", "scoring,coin", "weighted,yes"})
  void refusesValuesOutOfRange(String name, String value) {
    Object typed = value.matches("[0-9.]+") ? (Object) Double.valueOf(value) : value;
    assertThatThrownBy(() -> new BestOfN().parameters().complete(Map.of(name, typed)))
        .hasMessageStartingWith(name + ": ")
        .hasMessageContaining("expected: ");
  }
}
