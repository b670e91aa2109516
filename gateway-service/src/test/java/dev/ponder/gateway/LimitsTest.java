package dev.ponder.gateway;

import static dev.ponder.gateway.BadInputTest.assertError;
import static dev.ponder.gateway.TestGateway.chat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.gateway.TestGateway.Answer;
import dev.ponder.testing.RealServers;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.net.URI;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

/** Limits, other services that are down, and a gateway that stops; with settings of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LimitsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String GENERATE = "/internal/v1/generate";

  private final TestGateway gateway =
      TestGateway.start(
          "--ponder.gateway.auth=false",
          "--ponder.gateway.max-concurrent-per-key=1",
          "--ponder.gateway.max-duration=2s",
          "--ponder.gateway.max-answer=1000",
          "--ponder.gateway.breaker-wait=2s",
          "--ponder.gateway.catalog-ttl=1ms",
          "--ponder.gateway.drain=10s");

  @BeforeEach
  void script() {
    gateway.script();
  }

  @AfterAll
  void stop() {
    gateway.close();
  }

  @Test
  void oneKeyHasSoManyPlaces() {
    gateway.hangsAfter(1);
    int calls = gateway.model.calls(GENERATE).size();
    int deserted = gateway.model.deserted();
    CompletableFuture<?> first = gateway.begin(gateway.chatRequest(""));
    gateway.model.untilCalled(GENERATE, calls + 1).block();

    Answer second = gateway.post(CHAT, chat(""));
    assertError(second, 429, "rate_limit_exceeded");
    assertThat(second.header("retry-after")).isEqualTo("1");

    first.cancel(true);
    gateway.model.untilDeserted(deserted + 1).block();
    gateway.script();
    assertThat(gateway.post(CHAT, chat("")).status()).as("the place is free again").isEqualTo(200);
  }

  @Test
  void aRequestTakesNoLongerThanItMay() {
    gateway.hangsAfter(1);
    int deserted = gateway.model.deserted();
    assertError(gateway.post(CHAT, chat("")), 504, "deadline_exceeded");
    gateway.model.untilDeserted(deserted + 1).block();
  }

  @Test
  void aCollectedAnswerIsBoundedAndAStreamIsNot() {
    gateway.generates("x".repeat(600), "y".repeat(600));
    int deserted = gateway.model.deserted();
    Answer whole = gateway.post(CHAT, chat(""));
    assertError(whole, 400, "invalid_value");
    assertThat(whole.body()).contains("longer than 1000 characters");
    assertThat(gateway.post(CHAT, chat(",\"stream\":true")).data()).endsWith("[DONE]");
    assertThat(gateway.model.deserted()).isGreaterThanOrEqualTo(deserted);
  }

  @Test
  void theLastAdministratorsKeyStays() {
    List<JsonNode> keys = new ArrayList<>();
    gateway.get("/v1/admin/keys").json().get("data").forEach(keys::add);
    assertThat(keys).as("the bootstrap keys").hasSize(2);
    assertThat(revoke(keys.getFirst()).status()).isEqualTo(200);
    assertError(revoke(keys.getLast()), 409, "conflict");
  }

  private Answer revoke(JsonNode key) {
    return gateway.send(
        gateway.request("/v1/admin/keys/" + key.get("id").asString()).DELETE().build());
  }

  @Test
  void withoutKeysEverybodyIsTheLocalTenant() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(gateway.url + CHAT))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(chat("")))
            .build();
    Answer answer = gateway.send(request);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(gateway.ledgerOf(answer).getFirst())
        .containsEntry("tenant", "local")
        .containsEntry("key_id", null);
  }

  @Test
  void withoutTheStrategyServiceModelsStillAnswerAndTheRunLogCatchesUp() {
    gateway.strategy.on("GET", "/internal/v1/strategies", Reply.json(503, ""));
    gateway.strategy.on("POST", "/internal/v1/runs/direct", Reply.json(503, ""));
    Answer answer = gateway.post(CHAT, chat(""));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(gateway.get("/v1/models").status()).isEqualTo(200);
    assertThat(gateway.post(CHAT, chat(",\"strategy\":\"best_of_n\"")).status()).isEqualTo(502);
    assertThat(gateway.ledgerOf(answer)).hasSize(1);

    gateway.script();
    String runId = answer.header("x-ponder-run-id");
    Flux.interval(Duration.ofMillis(20))
        .onBackpressureDrop()
        .filter(tick ->
            gateway.strategy.calls("/internal/v1/runs/direct").stream()
                    .filter(call -> call.body().contains(runId))
                    .count()
                >= 2)
        .next()
        .timeout(Duration.ofSeconds(10))
        .block();
  }

  @Test
  void aModelServiceThatIsDownIs503AndSoonNotEvenAsked() {
    try (TestGateway own =
        TestGateway.start("--ponder.gateway.breaker-wait=3s", "--ponder.gateway.catalog-ttl=1ms")) {
      assertThat(ready(own)).isEqualTo(200);
      int port = own.model.port();
      own.model.close();
      for (int i = 0; i < 10; i++) {
        Answer answer = own.post(CHAT, chat(""));
        assertError(answer, 503, "upstream_unavailable");
        assertThat(answer.header("retry-after")).isNotEmpty();
      }
      assertThat(ready(own)).isEqualTo(503);
      try (ScriptedServer back = ScriptedServer.start(port)) {
        Answer refused = own.post(CHAT, chat(""));
        assertError(refused, 503, "upstream_unavailable");
        assertThat(refused.body()).contains("failed repeatedly");
        assertThat(refused.header("retry-after")).isEqualTo("3");
        assertThat(back.calls()).as("the breaker is open").isEmpty();

        back.on(
            "GET",
            "/internal/v1/models",
            Reply.json(200, TestGateway.write(List.of(TestGateway.modelInfo(TestGateway.MODEL)))));
        Flux.interval(Duration.ofMillis(50))
            .onBackpressureDrop()
            .filter(tick -> own.get("/v1/models").status() == 200)
            .next()
            .timeout(Duration.ofSeconds(10))
            .block();
        assertThat(back.calls()).as("it tried again").isNotEmpty();
      }
    }
  }

  @Test
  void aStoppingGatewayFinishesItsRecords() throws SQLException {
    TestGateway own = TestGateway.start();
    Answer answer = own.post(CHAT, chat(""));
    own.close();
    try (Connection connection =
            DriverManager.getConnection(
                own.database.jdbcUrl(), RealServers.Database.USER, RealServers.Database.PASSWORD);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select request_id from gateway.usage_ledger")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getString(1)).isEqualTo(answer.header("x-request-id"));
    }
  }

  private static int ready(TestGateway own) {
    return own.get("/actuator/health/readiness").status();
  }
}
