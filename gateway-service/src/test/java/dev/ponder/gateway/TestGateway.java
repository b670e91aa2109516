package dev.ponder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.common.wire.Timings;
import dev.ponder.common.wire.Usage;
import dev.ponder.testing.RealServers;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The real gateway on a real port with a real PostgreSQL, in front of scripted servers that stand
 * for model-service and strategy-service. One for the whole JVM unless a test needs its own
 * settings.
 */
public final class TestGateway implements AutoCloseable {
  static final String SECRET = "0123456789abcdef-of-the-tests";
  static final String KEY_A = "sk-ponder-test-key-of-tenant-a";
  static final String KEY_B = "sk-ponder-test-key-of-tenant-b";
  public static final String MODEL = "smollm2-135m-instruct";
  static final JsonMapper JSON = JsonMapper.shared();

  private static final class Shared {
    static final TestGateway GATEWAY =
        start("--ponder.gateway.keep-alive=200ms", "--ponder.gateway.breaker-wait=1ms");
  }

  final ScriptedServer model = ScriptedServer.start();
  final ScriptedServer strategy = ScriptedServer.start();
  final RealServers.Database database = RealServers.newDatabase();
  public final ConfigurableApplicationContext context;
  public final String url;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private TestGateway(String... settings) {
    script();
    List<String> args =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.main.banner-mode=off",
                "--ponder.internal.secret=" + SECRET,
                "--ponder.gateway.bootstrap-keys=a=" + KEY_A + ",b=" + KEY_B,
                "--ponder.model.url=" + model.url(),
                "--ponder.strategy.url=" + strategy.url(),
                "--spring.r2dbc.url=" + database.r2dbcUrl(),
                "--spring.r2dbc.username=" + RealServers.Database.USER,
                "--spring.r2dbc.password=" + RealServers.Database.PASSWORD,
                "--spring.flyway.url=" + database.jdbcUrl()));
    args.addAll(List.of(settings));
    this.context = GatewayService.start(args.toArray(String[]::new));
    this.url =
        "http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port");
  }

  public static TestGateway shared() {
    return Shared.GATEWAY;
  }

  /** One with settings of its own; the test closes it. */
  public static TestGateway start(String... settings) {
    return new TestGateway(settings);
  }

  /** Scripts what every test takes for granted. */
  public void script() {
    model.reset();
    strategy.reset();
    model.on("GET", "/internal/v1/models", Reply.json(200, write(List.of(modelInfo(MODEL)))));
    strategy.on(
        "GET",
        "/internal/v1/strategies",
        Reply.json(
            200,
            write(
                List.of(
                    new StrategyInfo(
                        "best_of_n", "The best of n answers", Map.of("n", 4, "scorer", "self")),
                    new StrategyInfo("refine", "Improves an answer", Map.of("rounds", 2))))));
    strategy.on("POST", "/internal/v1/runs/direct", call -> Reply.json(200, "{}"));
    generates("Hello", " world");
  }

  static ModelInfo modelInfo(String id) {
    return new ModelInfo(
        id, "ready", null, null, "llama", "Q4_1", 134_515_008L, 8_192, 8, "int8", "vector", "d", 7);
  }

  /** Makes the model answer with these tokens, for every sample asked for. */
  void generates(String... tokens) {
    model.on(
        "POST",
        "/internal/v1/generate",
        call -> {
          int n = JSON.readTree(call.body()).get("n").asInt();
          List<GenerateEvent> events = new ArrayList<>();
          events.add(new GenerateEvent.Started(MODEL, 12, 8));
          for (String token : tokens) {
            for (int i = 0; i < n; i++) {
              events.add(new GenerateEvent.Token(i, token.length(), token, null, null));
            }
          }
          for (int i = 0; i < n; i++) {
            events.add(new GenerateEvent.Finished(i, "stop", ""));
          }
          events.add(completed(12, tokens.length * n, 8));
          return lines(events);
        });
  }

  static GenerateEvent.Completed completed(int prompt, int completion, int cached) {
    return new GenerateEvent.Completed(
        new Usage(prompt, completion, cached), new Timings(1, 0, 0, 2, 3));
  }

  void generates(List<GenerateEvent> events) {
    model.on("POST", "/internal/v1/generate", lines(events));
  }

  static Reply lines(List<? extends Object> events) {
    return Reply.ndjson(Flux.fromIterable(events).map(TestGateway::write));
  }

  static RunEvent runEvent(String runId, long seq, String type, Map<String, Object> payload) {
    return new RunEvent(runId, seq, type, null, Instant.parse("2026-01-01T00:00:00Z"), payload);
  }

  public static String write(Object value) {
    return JSON.writeValueAsString(value);
  }

  /** An answer, whole. */
  public record Answer(int status, HttpResponse<String> response) {
    public String body() {
      return response.body();
    }

    public JsonNode json() {
      return JSON.readTree(body());
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    /** The data of each event of a stream, comments left out. */
    public List<String> data() {
      return body()
          .lines()
          .filter(line -> line.startsWith("data: "))
          .map(line -> line.substring(6))
          .toList();
    }

    /** The data that is JSON. */
    public List<JsonNode> chunks() {
      return data().stream()
          .filter(data -> !data.equals("[DONE]"))
          .<JsonNode>map(JSON::readTree)
          .toList();
    }
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(60))
        .header("Authorization", "Bearer " + KEY_A);
  }

  public Answer post(String path, String body) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  public Answer get(String path) {
    return send(request(path).build());
  }

  public Answer send(HttpRequest request) {
    try {
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      return new Answer(response.statusCode(), response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public static String chat(String more) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}"
        .formatted(MODEL, more);
  }

  /** Rows of a query, once there are some that satisfy; fails after ten seconds. */
  public List<Map<String, Object>> rows(
      String sql, Predicate<List<Map<String, Object>>> satisfied) {
    DatabaseClient client = context.getBean(DatabaseClient.class);
    return Flux.interval(Duration.ZERO, Duration.ofMillis(20))
        .onBackpressureDrop()
        .concatMap(tick -> client.sql(sql).fetch().all().collectList(), 1)
        .filter(satisfied)
        .next()
        .timeout(Duration.ofSeconds(10))
        .blockOptional()
        .orElseThrow();
  }

  List<Map<String, Object>> ledgerOf(Answer answer) {
    return ledger(answer.header("x-request-id"));
  }

  List<Map<String, Object>> ledger(String requestId) {
    assertThat(requestId).startsWith("req_");
    return rows(
        "select * from gateway.usage_ledger where request_id = '" + requestId + "'",
        rows -> !rows.isEmpty());
  }

  /** Sends a request and leaves when as many bytes of the answer are there. */
  byte[] leaveAfter(HttpRequest request, int bytes) {
    try (InputStream body = client.send(request, BodyHandlers.ofInputStream()).body()) {
      byte[] read = body.readNBytes(bytes);
      assertThat(read).hasSize(bytes);
      return read;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Begins a request whose answer nobody waits for yet; cancelling it closes the connection. */
  CompletableFuture<HttpResponse<String>> begin(HttpRequest request) {
    return client.sendAsync(request, BodyHandlers.ofString());
  }

  HttpRequest chatRequest(String more) {
    return request("/v1/chat/completions")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(chat(more)))
        .build();
  }

  /** Makes the model say some tokens and then nothing. */
  void hangsAfter(int tokens) {
    model.on(
        "POST",
        "/internal/v1/generate",
        Reply.ndjson(
            Flux.<GenerateEvent>just(new GenerateEvent.Started(MODEL, 12, 8))
                .concatWith(
                    Flux.range(0, tokens)
                        .map(i -> new GenerateEvent.Token(0, i, "t" + i, null, null)))
                .map(TestGateway::write)
                .concatWith(Flux.never())));
  }

  @Override
  public void close() {
    context.close();
    model.close();
    strategy.close();
  }
}
