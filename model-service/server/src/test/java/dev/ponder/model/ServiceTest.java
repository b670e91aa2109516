package dev.ponder.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.Sampling;
import dev.ponder.engine.EngineStats;
import dev.ponder.model.registry.Lease;
import dev.ponder.model.registry.ModelRegistry;
import dev.ponder.model.registry.TestModels;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What tests of the service over HTTP need. */
@ModelServiceTest
public abstract class ServiceTest {
  protected static final Duration PATIENCE = Duration.ofSeconds(60);

  @LocalServerPort private int port;
  @Autowired protected ModelRegistry registry;

  @BeforeEach
  void loadTiny() {
    registry.load(TestModels.TINY).join();
  }

  protected String base() {
    return "http://127.0.0.1:" + port;
  }

  protected WebClient client() {
    return client(new Caller("tests", "req-1", 0));
  }

  protected WebClient client(Caller caller) {
    String token =
        new InternalTokens(ModelServiceTest.SECRET).sign(caller, System.currentTimeMillis());
    return WebClient.builder()
        .baseUrl(base())
        .defaultHeader(Caller.HEADER, token)
        .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(16 << 20))
        .build();
  }

  protected Flux<GenerateEvent> generate(GenerateRequest request) {
    return post("/internal/v1/generate", request)
        .exchangeToFlux(response -> {
          assertThat(response.statusCode().value()).as("status").isEqualTo(200);
          return response.bodyToFlux(GenerateEvent.class);
        });
  }

  protected Answer answer(GenerateRequest request) {
    return new Answer(generate(request).collectList().blockOptional(PATIENCE).orElseThrow());
  }

  protected WebClient.RequestHeadersSpec<?> post(String path, Object body) {
    return client().post().uri(path).contentType(MediaType.APPLICATION_JSON).bodyValue(body);
  }

  /** An error answer. */
  protected record Refusal(int status, OpenAiError.Detail error, @Nullable String retryAfter) {}

  /** Sends a request that must be refused with an HTTP error. */
  protected Refusal refused(WebClient.RequestHeadersSpec<?> request) {
    return request
        .exchangeToMono(response -> {
          String retry = response.headers().asHttpHeaders().getFirst("Retry-After");
          int status = response.statusCode().value();
          assertThat(status).as("status").isGreaterThanOrEqualTo(400);
          return response
              .bodyToMono(OpenAiError.class)
              .map(body -> new Refusal(status, body.error(), retry));
        })
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  protected EngineStats stats(String model) {
    try (Lease lease = registry.lease(model)) {
      return lease.model().stats();
    }
  }

  /** Waits for the engine to reach a state. */
  protected EngineStats await(String model, Predicate<EngineStats> wanted) {
    return Mono.fromSupplier(() -> stats(model))
        .filter(wanted)
        .repeatWhenEmpty(tries -> tries.delayElements(Duration.ofMillis(5)))
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  protected static GenerateRequest chat(String text, int maxTokens, Sampling sampling) {
    return GenerateRequest.chat(
        TestModels.TINY, List.of(new ChatMessage("user", text)), 1, maxTokens, null, sampling);
  }

  /** A request that goes on until its context is full, unless somebody ends it. */
  protected static GenerateRequest endless(String text) {
    return new GenerateRequest(
        TestModels.TINY,
        null,
        text,
        null,
        false,
        1,
        null,
        null,
        Sampling.greedy(),
        null,
        true,
        null,
        null);
  }
}
