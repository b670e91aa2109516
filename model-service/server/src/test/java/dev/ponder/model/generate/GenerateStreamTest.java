package dev.ponder.model.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.Sampling;
import dev.ponder.model.ModelProperties;
import dev.ponder.model.ModelServiceTest;
import dev.ponder.model.registry.ScriptedModel;
import dev.ponder.testing.StreamBattery;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** The stream of events, from a model that emits what a test wrote and never waits. */
@ModelServiceTest
class GenerateStreamTest extends StreamBattery {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @LocalServerPort private int port;
  @Autowired private ScriptedModel model;
  @Autowired private JsonMapper json;
  @Autowired private Clock clock;
  @Autowired private ModelProperties properties;

  @Override
  protected void play(Script script) {
    model.play(script);
  }

  @Override
  protected WebClient.RequestHeadersSpec<?> request() {
    String token =
        new InternalTokens(ModelServiceTest.SECRET)
            .sign(new Caller("tests", "req-1", 0), clock.millis());
    return WebClient.create("http://127.0.0.1:" + port)
        .post()
        .uri("/internal/v1/generate")
        .header(Caller.HEADER, token)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(
            new GenerateRequest(
                "scripted",
                null,
                "go",
                null,
                false,
                1,
                null,
                null,
                Sampling.DEFAULT,
                null,
                false,
                null,
                null));
  }

  @Override
  protected @Nullable String content(String frame) {
    return event(frame) instanceof GenerateEvent.Token token ? token.text() : null;
  }

  @Override
  protected boolean failure(String frame) {
    return event(frame) instanceof GenerateEvent.Failed;
  }

  @Override
  protected boolean goodEnd(String frame) {
    return event(frame) instanceof GenerateEvent.Completed;
  }

  private GenerateEvent event(String frame) {
    return json.readValue(frame, GenerateEvent.class);
  }

  @Override
  protected Mono<Void> released() {
    return Mono.fromFuture(model.released()).timeout(PATIENCE);
  }

  /** The engine does not wait; unread events are bounded instead. */
  @Override
  protected long produced() {
    return -1;
  }

  @Override
  protected String separator() {
    return "\n";
  }

  @Test
  void aClientThatFallsTooFarBehindIsToldSoAndTheGenerationEnds() throws Exception {
    int items = properties.maxUnreadEvents() + 20_000;
    play(new Script(items, 2_000, End.HANG));
    LateReader reader = new LateReader();
    request().retrieve().bodyToFlux(GenerateEvent.class).subscribe(reader);
    // The generation is told to stop although the client has read one event and no more.
    model.released().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    reader.request(Long.MAX_VALUE);
    GenerateEvent last = reader.last.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(last).isInstanceOf(GenerateEvent.Failed.class);
    assertThat(((GenerateEvent.Failed) last).error().message()).contains("reads too slowly");
    assertThat(reader.tokens).as("all that was kept came").isGreaterThan(1_000);
  }

  @Test
  void aClientThatLeavesBeforeTheFirstEventEndsTheGeneration() {
    model.play(new Script(0, 12, End.HANG));
    CompletableFuture<Void> released = model.released();
    Flux<GenerateEvent> events = request().retrieve().bodyToFlux(GenerateEvent.class);
    List<GenerateEvent> seen = events.take(1).collectList().block(PATIENCE);
    assertThat(seen).hasSize(1);
    assertThat(released).succeedsWithin(PATIENCE);
  }

  /** Takes one event, then waits to be told. */
  private static final class LateReader extends BaseSubscriber<GenerateEvent> {
    final CompletableFuture<GenerateEvent> last = new CompletableFuture<>();
    private @Nullable GenerateEvent latest;
    volatile int tokens;

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      request(1);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // signals are serial; volatile for the reader
    protected void hookOnNext(GenerateEvent event) {
      latest = event;
      tokens += event instanceof GenerateEvent.Token ? 1 : 0;
    }

    @Override
    protected void hookOnComplete() {
      last.complete(java.util.Objects.requireNonNull(latest));
    }

    @Override
    protected void hookOnError(Throwable e) {
      last.completeExceptionally(e);
    }
  }
}
