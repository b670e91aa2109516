package dev.ponder.strategy;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.Sampling;
import dev.ponder.testing.RealServers;
import dev.ponder.testing.ScriptedServer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The whole service on a real port with a real PostgreSQL; the model-service and a foreign endpoint
 * are scripted servers. One context for all subclasses; each test uses runs of its own.
 */
@SpringBootTest(
    classes = StrategyService.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.config.name=strategy-service",
      "ponder.internal.secret=a secret for the tests",
      "ponder.strategy.retry-attempts=3",
      "ponder.strategy.poll-interval=50ms",
      "ponder.strategy.lease=5m",
      // Tests take runs over themselves.
      "ponder.strategy.takeover-interval=1h",
      "ponder.strategy.endpoints.foreign.api-key=sk-for-the-tests",
      "ponder.strategy.endpoints.foreign.model=foreign-model",
      "ponder.strategy.endpoints.mute.logprobs=false"
    })
public abstract class ServiceTest {
  protected static final ScriptedServer MODEL = ScriptedServer.start();
  protected static final ScriptedServer FOREIGN = ScriptedServer.start();
  protected static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final RealServers.Database DATABASE = RealServers.newDatabase();
  private static final AtomicInteger RUNS = new AtomicInteger();

  @LocalServerPort protected int port;
  @Autowired protected InternalTokens tokens;
  @Autowired protected Clock clock;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    registry.add("spring.r2dbc.url", DATABASE::r2dbcUrl);
    registry.add("spring.flyway.url", DATABASE::jdbcUrl);
    registry.add("spring.r2dbc.username", () -> RealServers.Database.USER);
    registry.add("spring.r2dbc.password", () -> RealServers.Database.PASSWORD);
    registry.add("ponder.model.url", MODEL::url);
    registry.add("ponder.strategy.endpoints.foreign.base-url", () -> FOREIGN.url() + "/v1");
    registry.add("ponder.strategy.endpoints.mute.base-url", () -> FOREIGN.url() + "/v1");
  }

  protected static String newRunId() {
    return "run_test-" + RUNS.incrementAndGet();
  }

  protected static RunRequest request(String runId, String strategy, Map<String, Object> params) {
    return new RunRequest(
        runId,
        strategy,
        params,
        null,
        null,
        List.of(new ChatMessage("user", runId + ": what is 6 x 7?")),
        64,
        null,
        Sampling.DEFAULT.withSeed(1));
  }

  protected WebClient http(String tenant) {
    return WebClient.builder()
        .baseUrl("http://127.0.0.1:" + port + "/internal/v1")
        .defaultRequest(request ->
            request.header(
                Caller.HEADER, tokens.sign(new Caller(tenant, "req-1", 0), clock.millis())))
        .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(8 << 20))
        .build();
  }

  protected Flux<RunEvent> post(String tenant, RunRequest request, boolean detach) {
    return http(tenant)
        .post()
        .uri("/runs?detach=" + detach)
        .accept(MediaType.APPLICATION_NDJSON)
        .bodyValue(request)
        .retrieve()
        .bodyToFlux(RunEvent.class);
  }

  protected List<RunEvent> run(RunRequest request) {
    return post("acme", request, false).collectList().blockOptional(PATIENCE).orElseThrow();
  }

  protected Mono<RunView> view(String tenant, String runId) {
    return http(tenant).get().uri("/runs/" + runId).retrieve().bodyToMono(RunView.class);
  }

  /** Waits until a run is over. */
  protected RunView ended(String runId) {
    return view("acme", runId)
        .filter(view -> !view.status().equals("running"))
        .repeatWhenEmpty(times -> times.delayElements(Duration.ofMillis(10)))
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  protected static RunEvent last(List<RunEvent> events) {
    return events.getLast();
  }

  protected static List<RunEvent> of(List<RunEvent> events, String type) {
    return events.stream().filter(event -> event.type().equals(type)).toList();
  }

  /** How many model calls carry a text that only one run has. */
  protected static long calls(String path, String marker) {
    return MODEL.calls(path).stream().filter(call -> call.body().contains(marker + ":")).count();
  }

  /** Waits until so many completions were asked for on behalf of one run. */
  protected static void untilCalls(String marker, int times) {
    Flux.interval(Duration.ZERO, Duration.ofMillis(5))
        .onBackpressureDrop()
        .takeUntil(tick -> calls(ScriptedModel.GENERATE, marker) >= times)
        .blockLast(PATIENCE);
  }

  protected static @Nullable Object payload(RunEvent event, String name) {
    return event.payload().get(name);
  }
}
