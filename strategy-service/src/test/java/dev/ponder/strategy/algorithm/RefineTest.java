package dev.ponder.strategy.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RefineTest extends AlgorithmContract {
  @Override
  Algorithm algorithm() {
    return new Refine();
  }

  @Override
  List<Map<String, Object>> parameterSets() {
    return List.of(
        Map.of("scoring", "judge"), Map.of("rounds", 4), Map.of("rounds", 1, "scoring", "logprob"));
  }

  private final List<String> asked = new ArrayList<>();

  private Outcome.Answer answer(Map<String, Object> params, Function<Call, Result> model) {
    asked.clear();
    return (Outcome.Answer)
        work(
            task(params),
            call -> {
              asked.add(call.id());
              return model.apply(call);
            },
            new SplittableRandom(5));
  }

  @Test
  void keepsTheBestVersionNotTheLast() {
    Outcome.Answer answer =
        answer(
            Map.of("rounds", 2, "scoring", "logprob"),
            call ->
                switch (call.id()) {
                  case "draft" -> text("41", -0.9);
                  case "revision/1" -> text("42", -0.1);
                  case "revision/2" -> text("43", -0.5);
                  default -> text("Add one.", 0);
                });
    assertThat(answer.chosen()).isEqualTo("revision/1");
    assertThat(answer.why()).contains("an earlier, better one of 3 versions");
  }

  @Test
  void approvalEndsTheChain() {
    Outcome.Answer answer =
        answer(
            Map.of("rounds", 4, "scoring", "logprob"),
            call -> call.kind().equals("feedback") ? text("No error.", 0) : text("42", -1));
    assertThat(asked).containsExactly("draft", "feedback/1");
    assertThat(answer.why()).contains("found no error");
  }

  @Test
  void anAnswerThatTwiceStaysTheSameEndsTheChain() {
    Outcome.Answer answer =
        answer(
            Map.of("rounds", 4, "scoring", "logprob"),
            call ->
                call.kind().equals("feedback") ? text("Hm, look again.", 0) : text("It is 42", -1));
    assertThat(asked)
        .containsExactly("draft", "feedback/1", "revision/1", "feedback/2", "revision/2");
    assertThat(answer.why()).contains("left the answer as it was");
    assertThat(answer.chosen()).isEqualTo("draft");
  }

  @Test
  void withoutFeedbackTheDraftStands() {
    Outcome.Answer answer =
        answer(
            Map.of("rounds", 2, "scoring", "logprob"),
            call -> call.kind().equals("feedback") ? failed() : text("42", -1));
    assertThat(answer.text()).isEqualTo("42");
    assertThat(answer.why()).contains("no feedback could be had");
  }

  @Test
  void theReviserReadsTheFeedback() {
    answer(
        Map.of("rounds", 1, "scoring", "judge"),
        call -> {
          if (call.kind().equals("revision")) {
            assertThat(call.messages().getLast().content()).contains("Carry the one.");
            assertThat(call.parent()).isEqualTo("feedback/1");
          }
          return call instanceof Call.Score
              ? new Result.Scores(List.of(-1.0, -1.0), Usage.ZERO)
              : text(call.kind().equals("feedback") ? "Carry the one." : call.id(), 0);
        });
    assertThat(asked).contains("score/draft", "score/revision/1");
  }
}
