package dev.ponder.strategy.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Sampling;
import dev.ponder.common.wire.Usage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * What every strategy must keep, whatever it computes. A subclass names the algorithm and the
 * parameters to try it with.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AlgorithmContract {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long SEED = Long.getLong("test.seed", 20261123L);
  private static final int SCHEDULES = 40;

  abstract Algorithm algorithm();

  abstract List<Map<String, Object>> parameterSets();

  Task task(Map<String, Object> params) {
    return task(params, Capabilities.ALL);
  }

  Task task(Map<String, Object> params, Capabilities capabilities) {
    return new Task(
        7,
        List.of(new ChatMessage("user", "What is 6 x 7?")),
        64,
        List.of("###"),
        Sampling.DEFAULT,
        algorithm().parameters().complete(params),
        capabilities);
  }

  /** A model of sorts: some answers are right, some wrong, some empty, some calls fail. */
  static Result unsteady(Call call) {
    long luck = Seeds.of(SEED, call.id()) % 10;
    return switch (call) {
      case Call.Score score ->
          luck == 0 ? failed() : new Result.Scores(List.of(-0.1 * luck, -1.0), new Usage(9, 0, 0));
      case Call.Generate generate when luck == 0 -> failed();
      case Call.Generate generate when luck == 1 -> text("", -1);
      case Call.Generate generate ->
          text("I say the answer is " + (luck < 6 ? 42 : luck), -0.1 * luck);
    };
  }

  static Result text(String text, double meanLogprob) {
    return new Result.Text(text, "stop", meanLogprob, new Usage(10, 5, 0));
  }

  static Result failed() {
    return new Result.Failure("upstream_failed", "the answer broke off", Usage.ZERO);
  }

  /** Works a task to its end: random batches, results in random order. */
  Outcome work(Task task, Function<Call, Result> model, SplittableRandom schedule) {
    SearchState state = SearchState.of(task);
    Map<String, Call> flying = new LinkedHashMap<>();
    while (true) {
      Step step = algorithm().step(state);
      Outcome outcome = step.outcome();
      if (outcome != null) {
        return outcome;
      }
      int k = flying.size() + 1 + schedule.nextInt(4);
      algorithm().ask(state, k).forEach(call -> flying.putIfAbsent(call.id(), call));
      assertThat(flying).as("a state without an outcome wants calls").isNotEmpty();
      List<String> ids = new ArrayList<>(flying.keySet());
      String next = ids.get(schedule.nextInt(ids.size()));
      Call call = flying.remove(next);
      assertThat(call).isNotNull();
      state = state.tell(next, model.apply(call));
    }
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void orderOfResultsChangesNothing(Map<String, Object> params) {
    Outcome first = work(task(params), AlgorithmContract::unsteady, new SplittableRandom(SEED));
    for (int i = 1; i < SCHEDULES; i++) {
      Outcome other =
          work(task(params), AlgorithmContract::unsteady, new SplittableRandom(SEED + i));
      assertThat(other).as("schedule %d of -Dtest.seed=%d", i, SEED).isEqualTo(first);
    }
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void everyStateSurvivesJsonAndIsToldOnlyOnce(Map<String, Object> params) {
    SearchState state = SearchState.of(task(params));
    while (algorithm().step(state).outcome() == null) {
      SearchState copy = JSON.readValue(JSON.writeValueAsString(state), SearchState.class);
      assertThat(copy).isEqualTo(state);
      assertThat(algorithm().step(copy)).isEqualTo(algorithm().step(state));
      Call call = algorithm().ask(state, 1).getFirst();
      SearchState told = state.tell(call.id(), unsteady(call));
      assertThat(told.tell(call.id(), text("something else", 0))).isSameAs(told);
      state = told;
    }
    SearchState end = JSON.readValue(JSON.writeValueAsString(state), SearchState.class);
    assertThat(algorithm().step(end)).isEqualTo(algorithm().step(state));
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void asksEachCallOnceUnderOneIdAndMoreForMore(Map<String, Object> params) {
    SearchState state = SearchState.of(task(params));
    Map<String, Call> seen = new LinkedHashMap<>();
    while (algorithm().step(state).outcome() == null) {
      List<Call> wanted = algorithm().ask(state, Integer.MAX_VALUE);
      Set<String> ids = new HashSet<>();
      for (Call call : wanted) {
        assertThat(ids.add(call.id())).as("%s twice", call.id()).isTrue();
        assertThat(state.told()).doesNotContainKey(call.id());
        Call before = seen.put(call.id(), call);
        assertThat(before == null || before.equals(call)).as("%s changed", call.id()).isTrue();
      }
      for (int k = 1; k <= wanted.size(); k++) {
        assertThat(algorithm().ask(state, k)).isEqualTo(wanted.subList(0, k));
      }
      state = state.tell(wanted.getFirst().id(), unsteady(wanted.getFirst()));
    }
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void seedsDependOnRunAndCallAlone(Map<String, Object> params) {
    List<Call> calls = algorithm().ask(SearchState.of(task(params)), Integer.MAX_VALUE);
    Set<Long> seeds = new HashSet<>();
    for (Call call : calls) {
      if (call instanceof Call.Generate generate) {
        assertThat(generate.sampling().seed()).isEqualTo(Seeds.of(7, call.id()));
        assertThat(seeds.add(Seeds.of(7, call.id()))).as("%s", call.id()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void failsWithTheFirstReasonWhenAllCallsFail(Map<String, Object> params) {
    Outcome outcome = work(task(params), call -> failed(), new SplittableRandom(SEED));
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failure -> {
              assertThat(failure.code()).isEqualTo("upstream_failed");
              assertThat(failure.message()).contains("the answer broke off");
            });
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void emptyTextsAreNoAnswer(Map<String, Object> params) {
    Outcome outcome = work(task(params), call -> text(" \n", 0), new SplittableRandom(SEED));
    assertThat(outcome).isInstanceOf(Outcome.Failed.class);
  }

  @ParameterizedTest
  @MethodSource("parameterSets")
  void closingAtAnyTimeGivesWhatThereIs(Map<String, Object> params) {
    SearchState state = SearchState.of(task(params));
    while (algorithm().step(state).outcome() == null) {
      Step closed =
          algorithm()
              .step(state.close(new SearchState.Limit("insufficient_quota", "max_calls: 3")));
      assertThat(closed.wanted()).isEmpty();
      assertThat(closed.outcome()).isNotNull();
      boolean candidates =
          state.told().entrySet().stream()
              .anyMatch(each ->
                  !each.getKey().startsWith("score")
                      && !each.getKey().startsWith("feedback")
                      && each.getValue() instanceof Result.Text text
                      && !text.isEmpty());
      if (candidates) {
        assertThat(closed.outcome())
            .isInstanceOfSatisfying(
                Outcome.Answer.class, answer -> assertThat(answer.why()).contains("max_calls"));
      } else {
        assertThat(closed.outcome()).isInstanceOf(Outcome.Failed.class);
      }
      Call call = algorithm().ask(state, 1).getFirst();
      state = state.tell(call.id(), unsteady(call));
    }
  }

  @Test
  void unknownParametersAreRefusedWithTheNearestName() {
    String wrong = algorithm().parameters().known().getFirst().name() + "x";
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> algorithm().parameters().complete(Map.of(wrong, 1))))
        .hasMessageContaining("did you mean '" + wrong.substring(0, wrong.length() - 1) + "'?");
  }
}
