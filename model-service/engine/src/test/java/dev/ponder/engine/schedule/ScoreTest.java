package dev.ponder.engine.schedule;

import static dev.ponder.engine.schedule.Harness.ALICE;
import static dev.ponder.engine.schedule.Harness.MANY_PAGES;
import static dev.ponder.engine.schedule.Harness.options;
import static dev.ponder.engine.schedule.Harness.prompt;
import static dev.ponder.engine.schedule.Harness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ScoreTest {

  /** The log-probabilities of given tokens are those a generation that draws them reports. */
  @Test
  void agreesWithGenerationBitForBit() {
    for (int length : new int[] {1, 31, 32, 33, 70}) {
      int[] prompt = prompt(length, length);
      List<TokenEvent> events;
      try (Harness harness = Harness.of()) {
        events = harness.run(spec(45, prompt).useCache(false)).all().getOrDefault(0, List.of());
      }
      int[] continuation = events.stream().mapToInt(TokenEvent::id).toArray();
      try (Harness harness = Harness.of()) {
        ScoreResult result =
            Harness.await(harness.scheduler.score(prompt, List.of(continuation), ALICE));
        assertThat(result.scores().getFirst().tokenLogprobs())
            .isEqualTo(events.stream().map(TokenEvent::logprob).toList());
        assertThat(result.scores().getFirst().logprob())
            .isEqualTo(events.stream().mapToDouble(TokenEvent::logprob).reduce(0, Double::sum));
        assertThat(harness.leakedPages()).isZero();
      }
    }
  }

  @Test
  void continuationsShareThePromptAndDoNotDisturbEachOther() {
    int[] prompt = prompt(80, 1);
    List<int[]> continuations = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      continuations.add(prompt(1 + 5 * i, 100 + i));
    }
    List<ScoreResult.Score> one = new ArrayList<>();
    try (Harness harness = Harness.of()) {
      for (int[] continuation : continuations) {
        one.addAll(score(harness, prompt, List.of(continuation)).scores());
      }
    }
    try (Harness harness = Harness.of()) {
      assertThat(score(harness, prompt, continuations).scores()).isEqualTo(one);
      int rest = continuations.stream().mapToInt(c -> c.length - 1).sum();
      assertThat(harness.stats().rows()).isEqualTo(80 + rest);
      assertThat(harness.leakedPages()).isZero();
    }
    try (Harness harness = new Harness(8, options().withMaxSequences(3).withPrefillChunk(16))) {
      List<Recorder> beside = new ArrayList<>();
      beside.add(harness.submit(spec(60, prompt(50, 2))));
      CompletableFuture<ScoreResult> scarce = harness.scheduler.score(prompt, continuations, ALICE);
      beside.add(harness.submit(spec(60, prompt(50, 3))));
      assertThat(Harness.await(scarce).scores()).isEqualTo(one);
      beside.forEach(Recorder::stats);
      assertThat(harness.leakedPages()).isZero();
    }
    // The control: another prompt gives other scores.
    try (Harness harness = Harness.of()) {
      assertThat(score(harness, prompt(80, 9), continuations).scores()).isNotEqualTo(one);
    }
  }

  @Test
  void cancellingTheFutureFreesThePages() {
    try (Harness harness = new Harness(MANY_PAGES, options().withPrefillChunk(8))) {
      CountDownLatch stepped = new CountDownLatch(2);
      CountDownLatch cancelled = new CountDownLatch(1);
      harness.model.after =
          batch -> {
            stepped.countDown();
            if (stepped.getCount() == 0) {
              SchedulerTest.awaitLatch(cancelled);
            }
          };
      CompletableFuture<ScoreResult> result =
          harness.scheduler.score(prompt(200, 1), List.of(prompt(5, 2)), ALICE);
      SchedulerTest.awaitLatch(stepped);
      result.cancel(true);
      cancelled.countDown();
      assertThat(harness.run(spec(3, 5)).ids(0)).hasSize(3);
      assertThat(harness.stats().cancellations()).isEqualTo(1);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  private static ScoreResult score(Harness harness, int[] prompt, List<int[]> continuations) {
    return Harness.await(harness.scheduler.score(prompt, continuations, ALICE));
  }
}
