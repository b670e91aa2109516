package dev.ponder.engine.schedule;

import static dev.ponder.engine.schedule.Harness.ALICE;
import static dev.ponder.engine.schedule.Harness.BOB;
import static dev.ponder.engine.schedule.Harness.MANY_PAGES;
import static dev.ponder.engine.schedule.Harness.alone;
import static dev.ponder.engine.schedule.Harness.options;
import static dev.ponder.engine.schedule.Harness.prompt;
import static dev.ponder.engine.schedule.Harness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.TokenEvent;
import dev.ponder.engine.sample.SamplerSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerTest {

  @Test
  void requestsInACrowdGetTheTokensTheyGetAlone() {
    List<GenerationSpec.Builder> specs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      specs.add(
          spec(5 + 3 * i, prompt(1 + 9 * i, i))
              .n(1 + i % 3)
              .sampler(SamplerSettings.NEUTRAL.withSeed(i).withTopK(i % 4 * 20)));
    }
    List<Recorder> crowd;
    try (Harness harness =
        new Harness(MANY_PAGES, options().withMaxSequences(5).withPrefillChunk(7))) {
      crowd = specs.stream().map(harness::submit).toList();
      crowd.forEach(Recorder::stats);
      assertThat(harness.leakedPages()).isZero();
    }
    for (int i = 0; i < specs.size(); i++) {
      assertThat(crowd.get(i).all()).as("request %d", i).isEqualTo(alone(specs.get(i)).all());
    }
    // The control: another seed must show.
    assertThat(alone(specs.get(11).sampler(SamplerSettings.NEUTRAL.withSeed(99))).all())
        .isNotEqualTo(crowd.get(11).all());
  }

  @Test
  void samplesOfOnePromptShareItsPrefill() {
    int[] prompt = prompt(75, 1);
    try (Harness harness = Harness.of()) {
      Recorder four = harness.run(spec(10, prompt).n(4).useCache(false));
      assertThat(harness.stats().rows()).isEqualTo(75 + 4 * 9);
      assertThat(four.ids(0)).isNotEqualTo(four.ids(1));
      assertThat(four.stats().completionTokens()).isEqualTo(40);
    }
    try (Harness harness = Harness.of()) { // the control: four requests share nothing uncached
      for (int i = 0; i < 4; i++) {
        harness.run(spec(10, prompt).useCache(false));
      }
      assertThat(harness.stats().rows()).isEqualTo(4 * (75 + 9));
    }
  }

  @Test
  void moreSamplesThanPlacesRunInTurnsWithTheSameTokens() {
    GenerationSpec.Builder nine = spec(8, prompt(70, 2)).n(9);
    Map<Integer, List<TokenEvent>> together = alone(nine).all();
    for (boolean cache : new boolean[] {true, false}) {
      try (Harness harness = new Harness(MANY_PAGES, options().withMaxSequences(2))) {
        assertThat(harness.run(nine.useCache(cache)).all()).isEqualTo(together);
        // Each of the seven that had to wait computes its prompt's last, partial page again.
        assertThat(harness.stats().rows()).isEqualTo(70 + 2 * 7 + 7 * (6 + 7));
        assertThat(harness.leakedPages()).isZero();
      }
    }
  }

  @Test
  void decodingGoesOnWhileALongPromptIsComputed() {
    try (Harness harness = new Harness(MANY_PAGES, options().withPrefillChunk(16))) {
      AtomicInteger decoded = new AtomicInteger();
      AtomicInteger mostRows = new AtomicInteger();
      AtomicInteger atStart = new AtomicInteger();
      CountDownLatch decoding = new CountDownLatch(1);
      CountDownLatch submitted = new CountDownLatch(1);
      harness.model.after =
          batch -> {
            mostRows.accumulateAndGet(batch.rows(), Math::max);
            if (decoded.get() == 3) {
              decoding.countDown();
              awaitLatch(submitted);
            }
          };
      harness.submit(spec(100, 5), new Recorder(event -> decoded.incrementAndGet()));
      awaitLatch(decoding);
      Recorder second = new Recorder(event -> atStart.compareAndSet(0, decoded.get()));
      harness.submit(spec(1, prompt(200, 1)), second);
      submitted.countDown();
      second.stats();
      assertThat(atStart.get() - 3).as("a token for each of the 13 chunks").isEqualTo(14);
      assertThat(mostRows.get()).isEqualTo(16 + 1);
    }
  }

  @Test
  void scarcePagesMeanPreemptionAndTheSameTokens() {
    List<GenerationSpec.Builder> specs = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      specs.add(spec(90, prompt(20 + i, 100 + i)).n(i == 2 ? 3 : 1).useCache(i % 2 == 0));
    }
    try (Harness harness = new Harness(9, options().withPrefillChunk(16))) {
      List<Recorder> crowd = specs.stream().map(harness::submit).toList();
      for (int i = 0; i < specs.size(); i++) {
        assertThat(crowd.get(i).all()).as("request %d", i).isEqualTo(alone(specs.get(i)).all());
      }
      assertThat(harness.stats().preemptions()).isPositive();
      assertThat(harness.leakedPages()).isZero();
    }
    try (Harness harness = Harness.of()) { // the control: with room nobody is stopped
      specs.stream().map(harness::submit).toList().forEach(Recorder::stats);
      assertThat(harness.stats().preemptions()).isZero();
    }
  }

  @Test
  void oneRequestMayUseTheWholePool() {
    try (Harness harness = new Harness(3, options())) {
      assertThat(harness.scheduler.longest()).isEqualTo(96);
      Recorder full = harness.run(spec(66, prompt(30, 3)).n(3));
      assertThat(full.all()).isEqualTo(alone(spec(66, prompt(30, 3)).n(3)).all());
      Recorder toEnd = harness.run(spec(GenerationSpec.TO_CONTEXT_END, prompt(30, 3)));
      assertThat(toEnd.ids(0)).hasSize(66);
      assertThat(toEnd.reasons).containsEntry(0, FinishReason.LENGTH);
      assertRefused(
          Kind.CONTEXT_TOO_LONG, () -> harness.submit(spec(67, prompt(30, 3))), "30 + 67 tokens");
    }
  }

  @Test
  void endsAtTheContextsEnd() {
    Recorder recorder = alone(spec(GenerationSpec.TO_CONTEXT_END, prompt(250, 4)));
    assertThat(recorder.ids(0)).hasSize(Harness.CONTEXT - 250);
    assertThat(recorder.reasons).containsEntry(0, FinishReason.LENGTH);
  }

  @Test
  void endOfGenerationEndsASampleAndIsNotPartOfIt() {
    SamplerSettings endSoon = SamplerSettings.greedy().withLogitBias(Map.of(2, 100f));
    Recorder recorder = alone(spec(10, prompt(5, 5)).sampler(endSoon).ignoreEos(false));
    assertThat(recorder.ids(0)).isEmpty();
    assertThat(recorder.reasons).containsEntry(0, FinishReason.STOP);
    assertThat(recorder.stats().completionTokens()).isZero();
    Recorder ignoring = alone(spec(10, prompt(5, 5)).sampler(endSoon));
    assertThat(ignoring.ids(0)).containsOnly(2).hasSize(10);
    assertThat(ignoring.reasons).containsEntry(0, FinishReason.LENGTH);
    assertThat(ignoring.texts).containsEntry(0, "");
  }

  @Test
  void stopStringEndsASampleBeforeIt() {
    GenerationSpec.Builder spec = spec(60, prompt(12, 6));
    String text = alone(spec).texts.getOrDefault(0, "");
    String stop = text.substring(text.length() / 2, text.length() / 2 + 4);
    String before = text.substring(0, text.indexOf(stop));
    Recorder stopped = alone(spec.stops(List.of("never this", stop)));
    assertThat(stopped.texts).containsEntry(0, before);
    assertThat(stopped.reasons).containsEntry(0, FinishReason.STOP);
    Recorder unstopped = alone(spec.stops(List.of(text + "x")));
    assertThat(unstopped.texts).as("held back, then delivered").containsEntry(0, text);
    assertThat(unstopped.reasons).containsEntry(0, FinishReason.LENGTH);
  }

  @Test
  void equalPromptsAreComputedOnceAndNamespacesKeptApart() {
    int[] prompt = prompt(100, 7);
    try (Harness harness = Harness.of()) {
      Recorder cold = harness.run(spec(6, prompt));
      Recorder warm = harness.run(spec(6, prompt));
      Recorder off = harness.run(spec(6, prompt).useCache(false));
      assertThat(List.of(cold.cachedTokens, warm.cachedTokens, off.cachedTokens))
          .containsExactly(0, 96, 0);
      assertThat(harness.stats().rows()).isEqualTo(105 + 9 + 105);
      assertThat(warm.all()).isEqualTo(cold.all());
      assertThat(off.all()).isEqualTo(cold.all());
      Recorder bob =
          harness.run(
              GenerationSpec.of(BOB, prompt)
                  .maxTokens(6)
                  .ignoreEos(true)
                  .topLogprobs(2)
                  .sampler(SamplerSettings.NEUTRAL.withSeed(7)));
      assertThat(bob.cachedTokens).isZero();
      assertThat(bob.all()).isEqualTo(cold.all());
      assertThat(harness.stats().prefixHits()).isEqualTo(1);
    }
  }

  @Test
  void answersAreFoundAgainByTheNextTurn() {
    int[] prompt = prompt(40, 8);
    try (Harness harness = Harness.of()) {
      Recorder first = harness.run(spec(60, prompt));
      int[] turn = Arrays.copyOf(prompt, 101);
      for (int i = 0; i < 60; i++) {
        turn[40 + i] = first.ids(0).get(i);
      }
      turn[100] = 9;
      Recorder second = harness.run(spec(6, turn));
      assertThat(second.cachedTokens).isEqualTo(96);
      assertThat(second.all()).isEqualTo(alone(spec(6, turn)).all());
    }
  }

  @Test
  void equalPromptsInOneBurstWaitForEachOthersPages() {
    int[] prompt = prompt(129, 9);
    try (Harness harness = new Harness(MANY_PAGES, options().withPrefillChunk(129))) {
      List<Recorder> burst = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        burst.add(harness.submit(spec(4, prompt)));
      }
      burst.forEach(recorder -> assertThat(recorder.all()).isEqualTo(burst.get(0).all()));
      assertThat(burst.stream().mapToInt(r -> r.cachedTokens).sum()).isEqualTo(7 * 128);
    }
  }

  @Test
  void twelveCancelledInMidStreamFreeTheirPagesForTheNext() {
    try (Harness harness = new Harness(30, options().withMaxSequences(12))) {
      CountDownLatch midStream = new CountDownLatch(12);
      CountDownLatch cancelled = new CountDownLatch(1);
      harness.model.after =
          batch -> {
            if (midStream.getCount() == 0) {
              awaitLatch(cancelled); // or the oldest could end before it is cancelled
            }
          };
      List<Recorder> recorders = new ArrayList<>();
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        AtomicInteger count = new AtomicInteger();
        Recorder recorder =
            new Recorder(event -> {
              if (count.incrementAndGet() == 3) {
                midStream.countDown();
              }
            });
        recorders.add(recorder);
        generations.add(harness.submit(spec(200, prompt(10, i)).useCache(false), recorder));
      }
      Recorder waiting = harness.submit(spec(4, prompt(10, 50)));
      awaitLatch(midStream);
      generations.forEach(Generation::cancel);
      generations.forEach(Generation::cancel);
      cancelled.countDown();
      harness.barrier();
      int[] events = recorders.stream().mapToInt(recorder -> recorder.events).toArray();
      assertThat(waiting.all()).isEqualTo(alone(spec(4, prompt(10, 50))).all());
      EngineStats stats = harness.stats();
      assertThat(stats.running()).isZero();
      assertThat(stats.queued()).isZero();
      assertThat(stats.queuedTokens()).isZero();
      assertThat(stats.cancellations()).isEqualTo(12);
      assertThat(harness.leakedPages()).isZero();
      assertThat(recorders.stream().mapToInt(recorder -> recorder.events).toArray())
          .as("nothing after a cancellation")
          .isEqualTo(events);
      assertThat(recorders).noneMatch(recorder -> recorder.end.isDone());
      assertThat(generations).allMatch(Generation::done);
    }
  }

  @Test
  void cancelsInTheQueueAndBetweenPrefillChunks() {
    try (Harness harness =
        new Harness(MANY_PAGES, options().withMaxSequences(1).withPrefillChunk(8))) {
      AtomicInteger steps = new AtomicInteger();
      List<Generation> generations = new ArrayList<>();
      CountDownLatch queued = new CountDownLatch(1);
      harness.model.before = batch -> awaitLatch(queued);
      harness.model.after =
          batch -> {
            if (steps.incrementAndGet() == 3) {
              generations.forEach(Generation::cancel);
            }
          };
      Recorder prefilling = new Recorder();
      Recorder inQueue = new Recorder();
      generations.add(harness.submit(spec(5, prompt(100, 10)), prefilling));
      generations.add(harness.submit(spec(5, prompt(100, 11)), inQueue));
      queued.countDown();
      Recorder next = harness.run(spec(5, prompt(6, 12)));
      assertThat(next.ids(0)).hasSize(5);
      assertThat(prefilling.events).isZero();
      assertThat(inQueue.events).isZero();
      assertThat(steps.get()).as("3 chunks, then only the next request").isEqualTo(3 + 5);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void cancelByTheListenerItselfIsTheLastEvent() {
    try (Harness harness = Harness.of()) {
      CompletableFuture<Generation> self = new CompletableFuture<>();
      CountDownLatch cancelled = new CountDownLatch(1);
      Recorder recorder =
          new Recorder(event -> {
            Harness.await(self).cancel();
            cancelled.countDown();
          });
      self.complete(harness.submit(spec(50, prompt(10, 13)).n(4), recorder));
      awaitLatch(cancelled);
      harness.barrier();
      assertThat(recorder.events).isEqualTo(2);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void closingEndsWhatIsOutstanding() throws InterruptedException {
    Harness harness = new Harness(MANY_PAGES, options().withMaxSequences(1));
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    harness.model.after =
        batch -> {
          running.countDown();
          awaitLatch(closing);
        };
    Recorder first = harness.submit(spec(2, prompt(10, 14)));
    Recorder queued = harness.submit(spec(2, prompt(10, 15)));
    awaitLatch(running);
    Thread closer = Thread.ofPlatform().start(harness::close);
    while (closer.getState() != Thread.State.WAITING) { // for the loop to end
      assertThat(closer.isAlive()).as("close returns before the loop has ended").isTrue();
      Thread.onSpinWait();
    }
    closing.countDown();
    closer.join();
    harness.close();
    assertThat(first.error().kind()).isEqualTo(Kind.CLOSED);
    assertThat(queued.error().kind()).isEqualTo(Kind.CLOSED);
    assertRefused(Kind.CLOSED, () -> harness.submit(spec(1, 5)), "engine: closed");
    assertThat(Thread.getAllStackTraces().keySet())
        .as("the loop's thread has ended")
        .noneMatch(thread -> thread.getName().equals("ponder-scheduler") && thread.isAlive());
  }

  @Test
  void closingByAListenerIsRefused() {
    try (Harness harness = Harness.of()) {
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Recorder recorder =
          new Recorder(event -> {
            try {
              harness.scheduler.close();
            } catch (IllegalStateException e) {
              thrown.complete(e);
            }
          });
      harness.submit(spec(1, 5), recorder);
      assertThat(Harness.await(thrown)).hasMessageContaining("called by a listener");
    }
  }

  @Test
  void fullQueueIsRefusedWithATimeToTryAgain() {
    try (Harness harness =
        new Harness(MANY_PAGES, options().withMaxSequences(1).withQueue(3, 100))) {
      CountDownLatch inStep = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      harness.model.before =
          batch -> {
            inStep.countDown();
            awaitLatch(go);
          };
      List<Recorder> accepted = new ArrayList<>();
      accepted.add(harness.submit(spec(2, prompt(150, 16)))); // alone, however long
      awaitLatch(inStep);
      accepted.add(harness.submit(spec(2, prompt(40, 17))));
      accepted.add(harness.submit(spec(2, prompt(40, 18))));
      assertRefused(
          Kind.QUEUE_FULL, () -> harness.submit(spec(2, prompt(40, 19))), "queued tokens: 120");
      accepted.add(harness.submit(spec(2, prompt(20, 20))));
      assertRefused(
          Kind.QUEUE_FULL, () -> harness.submit(spec(2, prompt(1, 21))), "queued requests: 3");
      assertThat(harness.scheduler.stats().queued()).isEqualTo(3);
      assertThat(harness.scheduler.stats().queuedTokens()).isEqualTo(100);
      assertThatThrownBy(() -> harness.submit(spec(2, prompt(1, 21))))
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.retryAfterMillis()).isBetween(100L, 60_000L));
      go.countDown();
      accepted.forEach(recorder -> assertThat(recorder.stats().completionTokens()).isEqualTo(2));
      assertThat(harness.stats().queued()).isZero();
      assertThat(harness.stats().rejected()).isEqualTo(3);
      assertThat(harness.run(spec(2, prompt(40, 19))).ids(0)).hasSize(2);
    }
  }

  @Test
  void badRequestsAreRefusedByName() {
    try (Harness harness = Harness.of()) {
      assertRefused(Kind.INVALID_ARGUMENT, () -> harness.submit(spec(1, -1)), "prompt token: -1");
      assertRefused(
          Kind.INVALID_ARGUMENT, () -> harness.submit(spec(1, 1_000_000)), "prompt token: 1000000");
      assertRefused(
          Kind.INVALID_ARGUMENT,
          () ->
              harness.submit(
                  spec(1, 5).sampler(SamplerSettings.NEUTRAL.withLogitBias(Map.of(-3, 1f)))),
          "logit_bias token: -3");
      assertRefused(
          Kind.CONTEXT_TOO_LONG, () -> harness.submit(spec(1, prompt(256, 1))), "256 + 1 tokens");
      assertRefused(
          Kind.CONTEXT_TOO_LONG,
          () -> harness.submit(spec(Integer.MAX_VALUE, 5)),
          "1 + 2147483647 tokens");
      assertRefused(
          Kind.INVALID_ARGUMENT,
          () -> score(harness, new int[] {1}, List.of()),
          "continuations: 0");
      assertRefused(
          Kind.INVALID_ARGUMENT,
          () -> score(harness, new int[0], List.of(new int[] {1})),
          "prompt: empty");
      assertRefused(
          Kind.INVALID_ARGUMENT,
          () -> score(harness, new int[] {1}, List.of(new int[0])),
          "continuation: empty");
      assertRefused(
          Kind.CONTEXT_TOO_LONG,
          () -> score(harness, prompt(200, 1), List.of(prompt(57, 1))),
          "200 + 57 tokens");
      assertThat(harness.stats().requests()).isZero();
    }
  }

  @Test
  void damagedLogitsEndTheirRequestAndNoOther() {
    try (Harness harness = Harness.of()) {
      harness.model.after =
          batch -> {
            if (batch.rows() == 2) {
              batch.logits(0)[17] = Float.NaN;
            }
          };
      CountDownLatch inStep = new CountDownLatch(1);
      harness.model.before = batch -> awaitLatch(inStep);
      harness.barrier();
      Recorder bad = harness.submit(spec(50, 5));
      Recorder good = harness.submit(spec(20, 6));
      inStep.countDown();
      assertThat(bad.error().kind()).isEqualTo(Kind.MODEL_FILE_INVALID);
      assertThat(bad.error()).hasMessageContaining("logit of token 17");
      assertThat(good.all()).isEqualTo(alone(spec(20, 6)).all());
      assertThat(harness.leakedPages()).isZero();
      assertThat(harness.stats().failed()).isEqualTo(1);
    }
  }

  @Test
  void failedStepEndsItsRequestsAndTheLoopGoesOn() {
    try (Harness harness = Harness.of()) {
      harness.model.before =
          batch -> {
            throw new IllegalArgumentException("broken");
          };
      EngineException error = harness.submit(spec(5, prompt(40, 1))).error();
      assertThat(error.kind()).isEqualTo(Kind.INTERNAL);
      assertThat(error).hasMessageContaining("broken");
      harness.model.before =
          batch -> {
            throw new OutOfMemoryError("none left");
          };
      assertThat(harness.submit(spec(5, prompt(40, 1))).error().kind())
          .isEqualTo(Kind.OUT_OF_MEMORY);
      harness.model.before = batch -> {};
      assertThat(harness.run(spec(5, prompt(40, 1))).ids(0)).hasSize(5);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void listenerThatThrowsLosesItsRequestOnly(boolean error) {
    Consumer<TokenEvent> thrower =
        event -> {
          if (error) {
            throw new AssertionError("listener");
          }
          throw new IllegalStateException("listener");
        };
    try (Harness harness = Harness.of()) {
      Recorder throwing = new Recorder(thrower);
      Generation generation = harness.submit(spec(50, 5), throwing);
      assertThat(harness.run(spec(20, 6)).ids(0)).hasSize(20);
      assertThat(throwing.error().kind()).isEqualTo(Kind.INTERNAL);
      assertThat(throwing.events).isEqualTo(3); // the start, the token it failed at, the error
      assertThat(generation.done()).isTrue();
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void listenerThatThrowsAtAnErrorHearsOfItOnce() {
    AtomicInteger errors = new AtomicInteger();
    CompletableFuture<EngineException> heard = new CompletableFuture<>();
    try (Harness harness = Harness.of()) {
      harness.model.before =
          batch -> {
            harness.model.before = any -> {};
            throw new IllegalArgumentException("broken");
          };
      harness.submit(
          spec(5, prompt(40, 1)),
          new GenerationListener() {
            @Override
            public void onStart(int promptTokens, int cachedTokens) {}

            @Override
            public void onToken(TokenEvent event) {}

            @Override
            public void onFinish(int index, FinishReason reason, String tailText) {}

            @Override
            public void onComplete(GenerationStats stats) {}

            @Override
            public void onError(EngineException error) {
              errors.incrementAndGet();
              heard.complete(error);
              throw new AssertionError("listener");
            }
          });
      assertThat(Harness.await(heard)).hasMessageContaining("broken");
      assertThat(harness.run(spec(5, prompt(40, 2))).ids(0)).hasSize(5);
      assertThat(errors).hasValue(1);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void idleLoopParks() {
    try (Harness harness = Harness.of()) {
      harness.run(spec(3, 5));
      long steps = harness.stats().steps();
      Thread loop =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().equals("ponder-scheduler"))
              .findFirst()
              .orElseThrow();
      while (loop.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertThat(harness.stats().steps()).isEqualTo(steps);
    }
  }

  @Test
  void countsWhatItDid() {
    try (Harness harness = Harness.of()) {
      harness.model.before = batch -> harness.clock.addAndGet(10_000_000);
      harness.run(spec(11, prompt(100, 1)));
      harness.run(spec(11, prompt(100, 1)).n(2));
      EngineStats stats = harness.stats();
      assertThat(stats.promptTokens()).isEqualTo(200);
      assertThat(stats.cachedTokens()).isEqualTo(96);
      assertThat(stats.generatedTokens()).isEqualTo(33);
      assertThat(stats.requests()).isEqualTo(2);
      assertThat(stats.completed()).isEqualTo(2);
      assertThat(stats.steps()).isEqualTo(11 + 11);
      assertThat(stats.kvPagesTotal()).isEqualTo(MANY_PAGES);
      assertThat(stats.kvPagesUsed()).isEqualTo(3).isEqualTo(stats.kvPagesCached());
      assertThat(stats.stepMillisMedian()).isEqualTo(10);
      assertThat(stats.prefillTokensPerSecond()).isEqualTo(10_000);
      assertThat(stats.decodeTokensPerSecond()).isBetween(100.0, 200.0);
    }
  }

  private static void score(Harness harness, int[] prompt, List<int[]> continuations) {
    Harness.await(harness.scheduler.score(prompt, continuations, ALICE));
  }

  private static void assertRefused(Kind kind, Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(EngineException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
