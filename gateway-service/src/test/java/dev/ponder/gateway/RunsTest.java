package dev.ponder.gateway;

import static dev.ponder.gateway.BadInputTest.assertError;
import static dev.ponder.gateway.ChatTest.content;
import static dev.ponder.gateway.ChatTest.deltas;
import static dev.ponder.gateway.TestGateway.MODEL;
import static dev.ponder.gateway.TestGateway.chat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.Usage;
import dev.ponder.gateway.TestGateway.Answer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

/** Strategies behind the chat endpoint, and what can be seen of runs. */
class RunsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String RUNS = "/internal/v1/runs";

  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
    runs(
        event(1, "started", Map.of()),
        event(2, "asked", Map.of("calls", 2)),
        event(
            3,
            "finished",
            Map.of(
                "answer",
                "42",
                "finishReason",
                "stop",
                "why",
                "best score",
                "usage",
                Map.of("promptTokens", 30, "completionTokens", 9, "cachedTokens", 20))));
  }

  private static RunEvent event(long seq, String type, Map<String, Object> payload) {
    return TestGateway.runEvent("run_x", seq, type, payload);
  }

  private void runs(RunEvent... events) {
    gateway.strategy.on("POST", RUNS, TestGateway.lines(List.of(events)));
  }

  private RunRequest sent() {
    return TestGateway.JSON.readValue(
        gateway.strategy.calls(RUNS).getLast().body(), RunRequest.class);
  }

  private HttpRequest strategyRequest(String more) {
    return gateway
        .request(CHAT)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(chat(more).replace(MODEL, "best_of_n")))
        .build();
  }

  @Test
  void aStrategyIsAModelByName() {
    String body = chat(",\"temperature\":0.5,\"max_tokens\":9").replace(MODEL, "best_of_n");
    Answer answer = gateway.post(CHAT, body);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(content(answer)).isEqualTo("42");
    JsonNode json = answer.json();
    assertThat(json.get("model").asString()).isEqualTo("best_of_n");
    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    assertThat(json.at("/usage/total_tokens").asInt()).isEqualTo(39);
    assertThat(json.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isEqualTo(20);
    assertThat(json.at("/ponder/why").asString()).isEqualTo("best score");
    assertThat(json.at("/ponder/run_id").asString()).isEqualTo(answer.header("x-ponder-run-id"));
    assertThat(sent().runId()).isEqualTo(answer.header("x-ponder-run-id"));
    assertThat(sent().strategy()).isEqualTo("best_of_n");
    assertThat(sent().model()).isNull();
    assertThat(sent().maxTokens()).isEqualTo(9);
    assertThat(sent().sampling()).isNotNull();
    assertThat(gateway.ledgerOf(answer).getFirst())
        .containsEntry("strategy", "best_of_n")
        .containsEntry("status", "finished")
        .containsEntry("prompt_tokens", 30L)
        .containsEntry("completion_tokens", 9L);
  }

  @Test
  void theModelMayBeNamedBehindTheStrategy() {
    gateway.post(CHAT, chat("").replace(MODEL, "refine/" + MODEL));
    assertThat(sent().strategy()).isEqualTo("refine");
    assertThat(sent().model()).isEqualTo(MODEL);
  }

  @Test
  void theStrategyMayBeAFieldWithParameters() {
    gateway.post(CHAT, chat(",\"strategy\":{\"name\":\"best_of_n\",\"n\":8}"));
    assertThat(sent().strategy()).isEqualTo("best_of_n");
    assertThat(sent().model()).isEqualTo(MODEL);
    assertThat(sent().params()).isEqualTo(Map.of("n", 8));

    gateway.post(CHAT, chat(",\"strategy\":{\"n\":2}").replace(MODEL, "best_of_n/" + MODEL));
    assertThat(sent().params()).isEqualTo(Map.of("n", 2));
    assertThat(sent().model()).isEqualTo(MODEL);
  }

  @Test
  void aStreamedRunIsAnOrdinaryStream() {
    String more = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    Answer answer = gateway.post(CHAT, chat(more).replace(MODEL, "best_of_n"));

    assertThat(answer.data().getLast()).isEqualTo("[DONE]");
    List<JsonNode> chunks = answer.chunks();
    assertThat(chunks).noneMatch(chunk -> chunk.has("ponder"));
    assertThat(chunks.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
    assertThat(deltas(answer)).isEqualTo("42");
    assertThat(chunks.getLast().at("/usage/completion_tokens").asInt()).isEqualTo(9);
    assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asString())
        .isEqualTo("stop");
  }

  @Test
  void aStreamedRunIsHeardFromItsFirstResultOn() {
    gateway.strategy.on(
        "POST",
        RUNS,
        Reply.ndjson(
            Flux.just(event(1, "started", Map.of()), event(2, "told", Map.of("result", "text")))
                .map(TestGateway::write)
                .concatWith(Flux.never())));
    String more = ",\"stream\":true";
    byte[] begun = gateway.leaveAfter(strategyRequest(more), 40);
    assertThat(new String(begun, UTF_8)).startsWith("data: {");

    runs(
        event(1, "started", Map.of()),
        event(2, "told", Map.of("result", "failure")),
        event(
            3,
            "failed",
            Map.of(
                "error",
                Map.of("message", "full", "type", "rate_limit_error", "code", "queue_full"))));
    assertError(gateway.post(CHAT, chat(more).replace(MODEL, "best_of_n")), 429, "queue_full");
  }

  @Test
  void aStreamedRunShowsItsEventsWhenAskedFor() {
    String more = ",\"stream\":true,\"stream_options\":{\"include_ponder_events\":true}";
    Answer answer = gateway.post(CHAT, chat(more).replace(MODEL, "best_of_n"));

    List<JsonNode> events = answer.chunks().stream().filter(chunk -> chunk.has("ponder")).toList();
    assertThat(events.stream().map(chunk -> chunk.at("/ponder/type").asString()))
        .containsExactly("started", "asked", "finished");
    assertThat(events)
        .allSatisfy(chunk -> assertThat(chunk.at("/choices/0/delta").isEmpty()).isTrue());
    assertThat(deltas(answer)).isEqualTo("42");
  }

  @Test
  void aFailedRunIsAnError() {
    runs(
        event(1, "started", Map.of()),
        event(
            2,
            "failed",
            Map.of(
                "error",
                Map.of(
                    "message",
                    "no budget",
                    "type",
                    "rate_limit_error",
                    "code",
                    "insufficient_quota"))));
    Answer answer = gateway.post(CHAT, chat("").replace(MODEL, "best_of_n"));
    assertError(answer, 429, "insufficient_quota");
    assertThat(gateway.ledgerOf(answer).getFirst()).containsEntry("status", "failed");

    runs(event(1, "started", Map.of()), event(2, "cancelled", Map.of()));
    assertError(gateway.post(CHAT, chat("").replace(MODEL, "best_of_n")), 499, "cancelled");
    runs(event(1, "started", Map.of()));
    assertError(gateway.post(CHAT, chat("").replace(MODEL, "best_of_n")), 502, "upstream_failed");
  }

  @Test
  void aClientThatLeavesStopsItsRunAndPaysForWhatItCost() {
    gateway.strategy.on(
        "POST",
        RUNS,
        Reply.ndjson(
            Flux.just(event(1, "started", Map.of()))
                .map(TestGateway::write)
                .concatWith(Flux.never())));
    gateway.strategy.on("POST", RUNS + "/run_*", Reply.json(200, "{}"));
    gateway.strategy.on(
        "GET",
        RUNS + "/run_*",
        Reply.json(
            200,
            TestGateway.write(
                new RunView(
                    "run_x",
                    "run",
                    "cancelled",
                    "best_of_n",
                    MODEL,
                    Instant.EPOCH,
                    null,
                    1,
                    new Usage(7, 5, 3),
                    null,
                    null,
                    null))));
    int deserted = gateway.strategy.deserted();

    String more = ",\"stream\":true,\"stream_options\":{\"include_ponder_events\":true}";
    gateway.leaveAfter(strategyRequest(more), 40);

    gateway.strategy.untilDeserted(deserted + 1).block();
    String runId = sent().runId();
    assertThat(
            gateway
                .rows(
                    "select * from gateway.usage_ledger where run_id = '" + runId + "'",
                    rows -> !rows.isEmpty())
                .getFirst())
        .containsEntry("status", "cancelled")
        .containsEntry("prompt_tokens", 7L)
        .containsEntry("completion_tokens", 5L)
        .containsEntry("cached_tokens", 3L);
    assertThat(gateway.strategy.calls(RUNS + "/" + runId + "/cancel")).hasSize(1);
  }

  @Test
  void documentsOfRunsPassThrough() {
    gateway.strategy.on("GET", RUNS, call -> Reply.json(200, "{\"q\":\"" + call.query() + "\"}"));
    assertThat(gateway.get("/v1/runs?limit=5&after=run_1&status=finished&x=y").body())
        .isEqualTo("{\"q\":\"limit=5&after=run_1&status=finished\"}");
    gateway.strategy.on("GET", RUNS + "/run_7/tree", Reply.json(200, "{\"tree\":1}"));
    assertThat(gateway.get("/v1/runs/run_7/tree").body()).isEqualTo("{\"tree\":1}");
    gateway.strategy.on("POST", RUNS + "/run_7/cancel", Reply.json(200, "{\"id\":\"run_7\"}"));
    assertThat(gateway.post("/v1/runs/run_7/cancel", "").body()).isEqualTo("{\"id\":\"run_7\"}");
  }

  @Test
  void eventsAreServerSentEventsThatCanBeResumed() {
    gateway.strategy.on(
        "GET",
        RUNS + "/run_7/events",
        call -> {
          assertThat(call.query()).isEqualTo("after=4");
          return TestGateway.lines(
              List.of(
                  event(5, "told", Map.of("a", 1)),
                  TestGateway.runEvent("r", 0, "chunk", Map.of())));
        });
    Answer answer =
        gateway.send(gateway.request("/v1/runs/run_7/events").header("Last-Event-ID", "4").build());
    assertThat(answer.header("content-type")).startsWith("text/event-stream");
    assertThat(answer.body())
        .isEqualTo(
            """
            id: 5
            event: told
            data: {"runId":"run_x","seq":5,"type":"told","at":"2026-01-01T00:00:00Z","payload":{"a":1}}

            event: chunk
            data: {"runId":"r","seq":0,"type":"chunk","at":"2026-01-01T00:00:00Z","payload":{}}

            data: [DONE]

            """);
  }
}
