package dev.ponder.model.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.Sampling;
import dev.ponder.engine.EngineStats;
import dev.ponder.model.Answer;
import dev.ponder.model.ServiceTest;
import dev.ponder.model.registry.TestModels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

class GenerateTest extends ServiceTest {
  private static final Sampling SEEDED = Sampling.DEFAULT.withSeed(11);

  @Test
  void streamsStartTokensFinishAndUsage() {
    Answer answer = answer(chat("hello world", 24, Sampling.greedy()));
    assertThat(answer.started().promptTokens()).isPositive();
    int tokens = answer.tokens(0).size();
    assertThat(tokens).isBetween(1, 24);
    assertThat(answer.completed().usage().completionTokens()).isEqualTo(tokens);
    assertThat(answer.completed().usage().promptTokens())
        .isEqualTo(answer.started().promptTokens());
    assertThat(answer.finished(0).reason()).isEqualTo(tokens == 24 ? "length" : "stop");
    assertThat(answer.tokens(0)).allSatisfy(token -> assertThat(token.logprob()).isNull());
  }

  @Test
  void drawsSeveralSamplesOfOnePrompt() {
    GenerateRequest request =
        GenerateRequest.chat(
            TestModels.TINY,
            List.of(new ChatMessage("user", "what is the answer")),
            5,
            20,
            null,
            SEEDED);
    Answer answer = answer(request);
    HashSet<List<Integer>> different = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      different.add(answer.ids(i));
      assertThat(answer.finished(i).reason()).isIn("stop", "length");
    }
    assertThat(different).as("samples differ").hasSizeGreaterThan(1);
    int sum = IntStream.range(0, 5).map(i -> answer.tokens(i).size()).sum();
    assertThat(answer.completed().usage().completionTokens()).isEqualTo(sum);
  }

  @Test
  void equalSeedsGiveEqualSamplesAndOthersDoNot() {
    List<Integer> first = answer(chat("hello", 30, SEEDED)).ids(0);
    assertThat(answer(chat("hello", 30, SEEDED)).ids(0)).isEqualTo(first);
    assertThat(answer(chat("hello", 30, SEEDED.withSeed(12))).ids(0)).isNotEqualTo(first);
    List<Integer> random = answer(chat("hello", 30, Sampling.DEFAULT)).ids(0);
    assertThat(answer(chat("hello", 30, Sampling.DEFAULT)).ids(0))
        .as("no seed means a new one")
        .isNotEqualTo(random);
  }

  @Test
  void aStopStringEndsTheSampleAndIsNotShown() {
    String whole = answer(chat("hello world", 60, SEEDED)).text(0);
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 2);
    GenerateRequest request =
        GenerateRequest.chat(
            TestModels.TINY,
            List.of(new ChatMessage("user", "hello world")),
            1,
            60,
            List.of(stop),
            SEEDED);
    Answer stopped = answer(request);
    assertThat(stopped.text(0)).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(stopped.finished(0).reason()).isEqualTo("stop");
  }

  @Test
  void givesLogprobsWhenAskedFor() {
    GenerateRequest request =
        new GenerateRequest(
            TestModels.TINY,
            null,
            "the answer is",
            null,
            false,
            1,
            8,
            null,
            Sampling.greedy(),
            3,
            true,
            null,
            null);
    for (GenerateEvent.Token token : answer(request).tokens(0)) {
      assertThat(token.logprob()).isNotNull().isLessThanOrEqualTo(0.0);
      List<GenerateEvent.TokenLogprob> top = Objects.requireNonNull(token.top());
      assertThat(top).hasSize(3);
      assertThat(top.getFirst().id()).as("greedy takes the best").isEqualTo(token.id());
      assertThat(top).isSortedAccordingTo((a, b) -> Double.compare(b.logprob(), a.logprob()));
    }
  }

  @Test
  void manyAtOnceGetWhatEachWouldGetAlone() {
    List<GenerateRequest> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      requests.add(
          chat("what is the answer to " + "question ".repeat(i) + i, 40, SEEDED.withSeed(i)));
    }
    List<List<Integer>> alone = requests.stream().map(r -> answer(r).ids(0)).toList();
    List<List<Integer>> together =
        Flux.fromIterable(requests)
            .flatMapSequential(r -> generate(r).collectList(), 10)
            .map(events -> new Answer(events).ids(0))
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(together).isEqualTo(alone);
  }

  @Test
  void aConversationMayBeLeftOpen() {
    List<ChatMessage> messages =
        List.of(new ChatMessage("user", "hello"), new ChatMessage("assistant", "the answer is"));
    GenerateRequest open =
        new GenerateRequest(
            TestModels.TINY,
            messages,
            null,
            null,
            true,
            1,
            8,
            null,
            Sampling.greedy(),
            null,
            true,
            null,
            null);
    GenerateRequest same =
        new GenerateRequest(
            TestModels.TINY,
            null,
            "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nthe answer is",
            null,
            false,
            1,
            8,
            null,
            Sampling.greedy(),
            null,
            true,
            null,
            null);
    assertThat(answer(open).ids(0)).isEqualTo(answer(same).ids(0));
  }

  @Test
  void leaversFreeTheirSequencesAndTheNextStartsAtOnce() {
    EngineStats before = await(TestModels.TINY, s -> s.running() == 0 && s.queued() == 0);
    List<Disposable> leavers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      leavers.add(generate(endless("leaver " + i)).subscribe(_ -> {}, _ -> {}));
    }
    // Four run, eight wait.
    await(TestModels.TINY, s -> s.running() == 4 && s.requests() - before.requests() == 12);
    leavers.forEach(Disposable::dispose);
    Answer next = answer(chat("next", 4, Sampling.greedy()));
    assertThat(next.completed().timings().queueMillis()).isLessThan((double) PATIENCE.toMillis());
    EngineStats after = await(TestModels.TINY, s -> s.running() == 0 && s.queued() == 0);
    assertThat(after.cancellations() - before.cancellations()).isEqualTo(12);
    assertThat(after.generatedTokens() - before.generatedTokens())
        .as("none ran to its end")
        .isLessThan(TestModels.CONTEXT);
  }

  @Test
  void aFullQueueIsSaidWithTheTimeToComeBack() {
    await(TestModels.TINY, s -> s.running() == 0 && s.queued() == 0);
    List<Disposable> crowd = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        crowd.add(generate(endless("crowd " + i)).subscribe(_ -> {}, _ -> {}));
      }
      await(TestModels.TINY, s -> s.running() == 4 && s.queued() == 16);
      Refusal refusal = refused(post("/internal/v1/generate", endless("one more")));
      assertThat(refusal.status()).isEqualTo(429);
      assertThat(refusal.error().code()).isEqualTo("queue_full");
      assertThat(Integer.parseInt(Objects.requireNonNull(refusal.retryAfter()))).isPositive();
    } finally {
      crowd.forEach(Disposable::dispose);
    }
    await(TestModels.TINY, s -> s.running() == 0 && s.queued() == 0);
    assertThat(answer(chat("after", 2, Sampling.greedy())).tokens(0)).isNotEmpty();
  }

  @Test
  void aDeadlineEndsAStreamWithAnError() {
    long now = System.currentTimeMillis();
    List<GenerateEvent> events =
        client(new Caller("tests", "req-2", now + 2000))
            .post()
            .uri("/internal/v1/generate")
            .contentType(MediaType.APPLICATION_JSON)
            .bodyValue(endless("deadline"))
            .retrieve()
            .bodyToFlux(GenerateEvent.class)
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(events.getLast()).isInstanceOf(GenerateEvent.Failed.class);
    GenerateEvent.Failed failed = (GenerateEvent.Failed) events.getLast();
    assertThat(failed.error().code()).isEqualTo("deadline_exceeded");
    await(TestModels.TINY, s -> s.running() == 0);
  }

  @Test
  void aDeadlineThatHasPassedIsRefused() {
    Refusal refusal =
        refused(
            client(new Caller("tests", "req-3", 1))
                .post()
                .uri("/internal/v1/generate")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(endless("late")));
    assertThat(refusal.status()).isEqualTo(504);
  }

  @Test
  void tenantsShareNoPrefix() {
    String prompt = "a prompt that fills some pages ".repeat(20);
    GenerateRequest request =
        new GenerateRequest(
            TestModels.TINY,
            null,
            prompt,
            null,
            false,
            1,
            2,
            null,
            Sampling.greedy(),
            null,
            true,
            null,
            null);
    assertThat(cached("tenant-a", request)).isZero();
    assertThat(cached("tenant-a", request)).as("its own prefix is found").isPositive();
    assertThat(cached("tenant-b", request)).as("another's is not").isZero();
  }

  private int cached(String tenant, GenerateRequest request) {
    return client(new Caller(tenant, "req-4", 0))
        .post()
        .uri("/internal/v1/generate")
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(request)
        .retrieve()
        .bodyToFlux(GenerateEvent.class)
        .collectList()
        .map(events -> new Answer(events).completed().usage().cachedTokens())
        .blockOptional(PATIENCE)
        .orElseThrow();
  }
}
