package dev.ponder.strategy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunPage;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunTree;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.ScriptedModel;
import dev.ponder.strategy.ServiceTest;
import dev.ponder.strategy.algorithm.Seeds;
import dev.ponder.testing.ScriptedServer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RunEndpointsTest extends ServiceTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Test
  void bestOfNStreamsItsLogAndAnswers() {
    String id = newRunId();
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call -> {
          GenerateRequest request = ScriptedModel.request(call);
          assertThat(request.group()).isEqualTo(id);
          assertThat(request.topLogprobs()).isZero();
          long seed = seed(request);
          return ScriptedModel.completion("It is " + seed + ", I think.", -(seed % 1000) / 1e3);
        });
    RunRequest request = request(id, "best_of_n", Map.of("n", 3, "scoring", "logprob"));
    List<RunEvent> events = run(request);

    assertThat(events.getFirst().type()).isEqualTo("started");
    assertThat(of(events, "asked")).hasSize(3);
    assertThat(of(events, "issued")).hasSize(3);
    assertThat(of(events, "told")).hasSize(3);
    assertThat(of(events, "charged")).hasSize(3);
    assertThat(of(events, "scored")).hasSize(3);
    assertThat(of(events, "pruned")).hasSize(2);
    assertThat(events.stream().map(RunEvent::seq).filter(seq -> seq > 0))
        .isEqualTo(
            LongStream.rangeClosed(1, last(events).seq()).boxed().collect(Collectors.toList()));
    RunEvent finished = last(events);
    assertThat(finished.type()).isEqualTo("finished");
    String chunks =
        of(events, "chunk").stream()
            .map(chunk -> String.valueOf(payload(chunk, "text")))
            .collect(Collectors.joining());
    assertThat(chunks).isEqualTo(payload(finished, "answer"));
    assertThat(payload(finished, "finishReason")).isEqualTo("stop");
    assertThat(payload(finished, "usage"))
        .isEqualTo(Map.of("promptTokens", 30, "completionTokens", 15, "cachedTokens", 12));

    RunView view = ended(id);
    assertThat(view.status()).isEqualTo("finished");
    assertThat(view.calls()).isEqualTo(3);
    assertThat(view.usage()).isEqualTo(new Usage(30, 15, 12));
    assertThat(view.answer()).isEqualTo(chunks);
    assertThat(calls(ScriptedModel.GENERATE, id)).isEqualTo(3);

    RunTree tree =
        http("acme")
            .get()
            .uri("/runs/" + id + "/tree")
            .retrieve()
            .bodyToMono(RunTree.class)
            .block();
    assertThat(tree).isNotNull();
    assertThat(tree.nodes()).hasSize(3);
    assertThat(tree.chosen()).isEqualTo(payload(finished, "chosen"));
    assertThat(tree.nodes())
        .allSatisfy(node ->
            assertThat(node.status())
                .isEqualTo(node.id().equals(tree.chosen()) ? "kept" : "pruned"));
    assertThat(tree.nodes())
        .allSatisfy(node -> {
          assertThat(node.kind()).isEqualTo("sample");
          assertThat(node.usage()).isEqualTo(new Usage(10, 5, 4));
          assertThat(node.score()).isNotNull();
          assertThat(node.text()).startsWith("It is ");
          assertThat(node.prompt()).contains("what is 6 x 7?");
          assertThat(node.issuedAt()).isNotNull();
          assertThat(node.millis()).isNotNull();
        });
  }

  @Test
  void theJudgeScoresEachSample() {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "word ".repeat(1 + (int) (seed(request) % 5)));
    ScriptedModel.scores(MODEL, request -> -1.0 / answer(request).length());
    List<RunEvent> events = run(request(id, "best_of_n", Map.of("n", 4, "scoring", "judge")));
    int longest =
        of(events, "told").stream()
            .map(event -> String.valueOf(payload(event, "text")).length())
            .max(Integer::compare)
            .orElseThrow();
    assertThat(String.valueOf(payload(last(events), "answer"))).hasSize(longest);
    assertThat(of(events, "scored")).hasSize(4);
    assertThat(calls(ScriptedModel.SCORE, id)).isEqualTo(4);
  }

  private static String answer(ScoreRequest request) {
    return Objects.requireNonNull(request.messages()).get(1).content();
  }

  private static long seed(GenerateRequest request) {
    return Objects.requireNonNull(Objects.requireNonNull(request.sampling()).seed());
  }

  @Test
  void aSettledVoteCancelsTheRestUpstream() {
    String id = newRunId();
    int before = MODEL.deserted();
    // The last four of eight samples never end; the first four agree.
    Set<Long> first =
        LongStream.range(0, 4)
            .map(i -> Seeds.of(1, "sample/" + i))
            .boxed()
            .collect(Collectors.toSet());
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call ->
            first.contains(seed(ScriptedModel.request(call)))
                ? ScriptedModel.completion("It is 42.", -1)
                : ScriptedModel.hanging());
    List<RunEvent> events = run(request(id, "self_consistency", Map.of("n", 8)));
    assertThat(payload(last(events), "why")).isEqualTo("4 of 4 samples agree");
    assertThat(of(events, "cancelled")).hasSize(4);
    MODEL.untilDeserted(before + 4).block(PATIENCE);
    // What the cancelled calls had done is charged all the same.
    RunView view = ended(id);
    assertThat(view.calls()).isEqualTo(8);
    assertThat(view.usage().promptTokens()).isGreaterThan(40);
  }

  @Test
  void refineKeepsItsProgressLive() {
    String id = newRunId();
    Sinks.One<String> go = Sinks.one();
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call ->
            call.body().contains("Check your last answer")
                ? ScriptedModel.completionAfter(go.asMono(), "No error.")
                : ScriptedModel.completion("42", -1));
    // The draft is known to the client while the feedback is still being written.
    List<RunEvent> events =
        post("acme", request(id, "refine", Map.of("scoring", "logprob")), false)
            .doOnNext(event -> {
              if (event.type().equals("issued") && "feedback/1".equals(event.node())) {
                go.tryEmitValue("go").orThrow();
              }
            })
            .collectList()
            .block(PATIENCE);
    assertThat(events).isNotNull();
    assertThat(payload(last(events), "why")).asString().contains("found no error");
  }

  @Test
  void theSameIdJoinsTheRunAndPaysNothing() {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "42");
    RunRequest request = request(id, "best_of_n", Map.of("n", 2));
    List<RunEvent> first = run(request);
    List<RunEvent> again = run(request);
    assertThat(stored(again)).isEqualTo(stored(first));
    assertThat(calls(ScriptedModel.GENERATE, id)).isEqualTo(2);

    assertThat(refusal("acme", request(id, "best_of_n", Map.of("n", 3))))
        .startsWith("409 conflict");
    assertThat(refusal("other", request)).startsWith("404 not_found");
  }

  private static List<RunEvent> stored(List<RunEvent> events) {
    return events.stream().filter(event -> event.seq() > 0).toList();
  }

  @Test
  void aClientThatLeavesCancelsItsRunAndTheCallsUpstream() {
    String id = newRunId();
    int before = MODEL.deserted();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.hanging());
    post("acme", request(id, "best_of_n", Map.of("n", 2)), false)
        .takeUntil(event -> event.type().equals("issued"))
        .blockLast(PATIENCE);
    RunView view = ended(id);
    assertThat(view.status()).isEqualTo("cancelled");
    assertThat(view.why()).isEqualTo("its client left");
    MODEL.untilDeserted(before + (int) calls(ScriptedModel.GENERATE, id)).block(PATIENCE);
  }

  @Test
  void aDetachedRunGoesOnWithoutItsClient() {
    String id = newRunId();
    Sinks.One<String> go = Sinks.one();
    MODEL.on(
        "POST", ScriptedModel.GENERATE, call -> ScriptedModel.completionAfter(go.asMono(), "42"));
    post("acme", request(id, "best_of_n", Map.of("n", 2)), true)
        .takeUntil(event -> event.type().equals("issued"))
        .blockLast(PATIENCE);
    go.tryEmitValue("go").orThrow();
    assertThat(ended(id).status()).isEqualTo("finished");
  }

  @Test
  void whileAnotherClientWaitsARunIsNotCancelled() {
    String id = newRunId();
    Sinks.One<String> go = Sinks.one();
    MODEL.on(
        "POST", ScriptedModel.GENERATE, call -> ScriptedModel.completionAfter(go.asMono(), "42"));
    RunRequest request = request(id, "best_of_n", Map.of("n", 2));
    Mono<List<RunEvent>> stays = post("acme", request, false).collectList().cache();
    Sinks.Empty<Void> joined = Sinks.empty();
    post("acme", request, false)
        .doOnNext(event -> joined.tryEmitEmpty().isSuccess())
        .collectList()
        .subscribe(events -> assertThat(events).isNotEmpty());
    joined.asMono().block(PATIENCE);
    post("acme", request, false).take(1).blockLast(PATIENCE);
    go.tryEmitValue("go").orThrow();
    assertThat(ended(id).status()).isEqualTo("finished");
    assertThat(stays.block(PATIENCE)).isNotNull();
  }

  @Test
  void cancelEndsARun() {
    String id = newRunId();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.hanging());
    Mono<List<RunEvent>> events =
        post("acme", request(id, "best_of_n", Map.of("n", 2)), false)
            .doOnNext(event -> {
              if (event.seq() == 3) {
                cancel(id).subscribe(view -> assertThat(view.id()).isEqualTo(id));
              }
            })
            .collectList();
    RunEvent end = last(events.blockOptional(PATIENCE).orElseThrow());
    assertThat(end.type()).isEqualTo("cancelled");
    assertThat(end.node()).isNull();
    assertThat(cancel(id).blockOptional(PATIENCE).orElseThrow().status())
        .as("a run that is over stays as it is")
        .isEqualTo("cancelled");
  }

  private Mono<RunView> cancel(String id) {
    return http("acme").post().uri("/runs/" + id + "/cancel").retrieve().bodyToMono(RunView.class);
  }

  @Test
  void failuresAreRecordedAndTheRestAnswers() {
    String id = newRunId();
    long broken = Seeds.of(1, "sample/0");
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call ->
            seed(ScriptedModel.request(call)) == broken
                ? ScriptedModel.breaking("internal_error")
                : ScriptedModel.completion("42", -1));
    List<RunEvent> events = run(request(id, "best_of_n", Map.of("n", 3)));
    assertThat(last(events).type()).isEqualTo("finished");
    assertThat(calls(ScriptedModel.GENERATE, id)).as("a begun call is not repeated").isEqualTo(3);
    assertThat(ended(id).usage().completionTokens()).as("what it wrote is charged").isEqualTo(3);
  }

  @Test
  void whenAllFailTheRunFailsWithTheReasonAndATree() {
    String id = newRunId();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.breaking("kv_block_corrupt"));
    RunEvent end = last(run(request(id, "best_of_n", Map.of("n", 2))));
    assertThat(end.type()).isEqualTo("failed");
    assertThat(end.payload().toString()).contains("kv_block_corrupt", "it broke");
    assertThat(ended(id).error()).contains("it broke");
    JsonNode tree = get("acme", "/runs/" + id + "/tree");
    assertThat(tree.path("nodes").size()).isEqualTo(2);
    assertThat(tree.path("nodes").path(0).path("status").asString()).isEqualTo("failed");
  }

  @Test
  void aCallThatWasTurnedAwayIsRepeated() {
    String id = newRunId();
    AtomicInteger times = new AtomicInteger();
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call ->
            times.incrementAndGet() == 1
                ? ScriptedServer.Reply.json(
                        429,
                        """
                        {"error":{"message":"full","type":"rate_limit_error","param":null,\
                        "code":"queue_full"}}\
                        """)
                    .with("Retry-After", "0")
                : ScriptedModel.completion("42", -1));
    assertThat(last(run(request(id, "best_of_n", Map.of("n", 1)))).type()).isEqualTo("finished");
    assertThat(times.get()).isEqualTo(2);
    assertThat(ended(id).calls()).isEqualTo(1);
  }

  @Test
  void theBudgetNarrowsTheRunAndIsNeverOvershot() {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "42");
    RunEvent end = last(run(request(id, "best_of_n", Map.of("n", 8, "max_calls", 3))));
    assertThat(payload(end, "why")).asString().contains("of 3 answers").contains("max_calls");
    assertThat(calls(ScriptedModel.GENERATE, id)).isEqualTo(3);

    // 10 prompt tokens and 64 reserved for each answer: the first fits, then the settled ones.
    String small = newRunId();
    MODEL.on(
        "POST",
        "/internal/v1/tokenize",
        ScriptedServer.Reply.json(
            200, "{\"model\":\"m\",\"tokens\":[1,2,3,4,5,6,7,8,9,10],\"pieces\":[]}"));
    RunEvent tight =
        last(run(request(small, "best_of_n", Map.of("n", 8, "max_total_tokens", 100))));
    assertThat(tight.type()).isEqualTo("finished");
    assertThat(payload(tight, "why")).asString().contains("max_total_tokens");
    Usage usage = ended(small).usage();
    assertThat(usage.promptTokens() + usage.completionTokens()).isLessThanOrEqualTo(100);
    assertThat(calls(ScriptedModel.GENERATE, small)).isEqualTo(3);

    String none = newRunId();
    RunEvent refused =
        last(run(request(none, "best_of_n", Map.of("n", 2, "max_total_tokens", 20))));
    assertThat(refused.type()).isEqualTo("failed");
    assertThat(refused.payload().toString()).contains("insufficient_quota", "max_total_tokens");
    assertThat(calls(ScriptedModel.GENERATE, none)).isZero();
  }

  @Test
  void aForeignEndpointServesARunWithoutScores() {
    String id = newRunId();
    FOREIGN.on(
        "POST",
        "/v1/chat/completions",
        call -> {
          assertThat(call.header("Authorization")).isEqualTo("Bearer sk-for-the-tests");
          String text = call.body().contains("Rate how correct") ? "7" : "It is 42.";
          return ScriptedServer.Reply.stream(
              "text/event-stream", Flux.just(sse(text), "data: [DONE]\n\n"));
        });
    RunRequest plain = request(id, "best_of_n", Map.of("n", 2, "scoring", "judge"));
    RunRequest request =
        new RunRequest(
            id,
            plain.strategy(),
            plain.params(),
            null,
            "foreign",
            plain.messages(),
            32,
            null,
            null);
    List<RunEvent> events = run(request);
    assertThat(payload(last(events), "answer")).isEqualTo("It is 42.");
    assertThat(payload(last(events), "why")).asString().contains("0.700");
    assertThat(ended(id).model()).isEqualTo("foreign-model");
  }

  private static String sse(String text) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
        + text
        + "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
        + "\"completion_tokens\":2}}\n\n";
  }

  @Test
  void eventsComeAsServerSentEventsFromWhereTheClientLeftOff() {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "42");
    List<RunEvent> all = stored(run(request(id, "best_of_n", Map.of("n", 1))));
    List<ServerSentEvent<RunEvent>> rest =
        http("acme")
            .get()
            .uri("/runs/" + id + "/events")
            .accept(MediaType.TEXT_EVENT_STREAM)
            .header("Last-Event-ID", "2")
            .retrieve()
            .bodyToFlux(new ParameterizedTypeReference<ServerSentEvent<RunEvent>>() {})
            .filter(event -> event.id() != null)
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(rest.stream().map(ServerSentEvent::data)).isEqualTo(all.subList(2, all.size()));
    assertThat(rest.getFirst().id()).isEqualTo("3");
    assertThat(rest.getLast().event()).isEqualTo("finished");
    assertThat(
            http("acme")
                .get()
                .uri("/runs/" + id + "/events?after=" + all.size())
                .accept(MediaType.APPLICATION_NDJSON)
                .retrieve()
                .bodyToFlux(RunEvent.class)
                .collectList()
                .block(PATIENCE))
        .as("nothing comes after the end, and the stream closes")
        .isEmpty();
  }

  @Test
  void listsATenantsRunsNewestFirst() {
    ScriptedModel.answers(MODEL, request -> "42");
    List<String> ids = List.of(newRunId(), newRunId(), newRunId());
    for (String id : ids) {
      post("lister", request(id, "best_of_n", Map.of("n", 1)), false).blockLast(PATIENCE);
    }
    RunPage first = page("lister", "?limit=2");
    assertThat(first.data().stream().map(RunView::id)).containsExactly(ids.get(2), ids.get(1));
    assertThat(first.hasMore()).isTrue();
    RunPage second = page("lister", "?limit=2&after=" + ids.get(1));
    assertThat(second.data().stream().map(RunView::id)).containsExactly(ids.get(0));
    assertThat(second.hasMore()).isFalse();
    assertThat(page("lister", "?status=running").data()).isEmpty();
    assertThat(page("lister", "?status=finished").data()).hasSize(3);
    assertThat(page("nobody", "").data()).isEmpty();
    // Another tenant's run is no place to start from.
    assertThat(page("nobody", "?after=" + ids.get(1)).data()).isEmpty();
  }

  private RunPage page(String tenant, String query) {
    return http(tenant)
        .get()
        .uri("/runs" + query)
        .retrieve()
        .bodyToMono(RunPage.class)
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  @Test
  void directRunsAreRecordedOnce() {
    String id = newRunId();
    String body =
        """
        {"runId":"%s","model":"m","status":"finished","finishReason":"stop",
         "usage":{"promptTokens":3,"completionTokens":4,"cachedTokens":0},
         "startedAt":"2026-11-23T10:00:00Z","finishedAt":"2026-11-23T10:00:01Z"}\
        """
            .formatted(id);
    for (int i = 0; i < 2; i++) {
      JsonNode view = JSON.readTree(answer("acme", "/runs/direct", body).split(" ", 2)[1]);
      assertThat(view.path("strategy").asString()).isEqualTo("direct");
      assertThat(view.path("calls").asInt()).isEqualTo(1);
    }
    assertThat(get("acme", "/runs/" + id).path("usage").path("completionTokens").asInt())
        .isEqualTo(4);
    assertThat(answer("other", "/runs/direct", body)).startsWith("404");
    List<RunEvent> events =
        http("acme")
            .get()
            .uri("/runs/" + id + "/events")
            .retrieve()
            .bodyToFlux(RunEvent.class)
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(events.stream().map(RunEvent::type)).containsExactly("started", "finished");
  }

  @Test
  void charactersThatPostgresCannotKeepDoNoHarm() {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "4\u00002");
    String body =
        """
        {"runId":"%s","strategy":"best_of_n","params":{"n":1},"stop":["a\\u0000"],
         "messages":[{"role":"user","content":"half a pair \\ud800 and \\u0000"}]}\
        """
            .formatted(id);
    for (int i = 0; i < 2; i++) {
      assertThat(answer("acme", "/runs", body)).startsWith("200").contains("finished");
    }
    assertThat(ended(id).answer()).isEqualTo("4\ufffd2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/events", "/tree"})
  void anotherTenantsRunDoesNotExist(String path) {
    String id = newRunId();
    ScriptedModel.answers(MODEL, request -> "42");
    run(request(id, "best_of_n", Map.of("n", 1)));
    assertThat(status("acme", "/runs/" + id + path)).isEqualTo(200);
    assertThat(status("other", "/runs/" + id + path)).isEqualTo(404);
    assertThat(answer("other", "/runs/" + id + "/cancel", "")).startsWith("404");
  }

  @Test
  void listsStrategiesWithTheirDefaults() {
    List<StrategyInfo> strategies =
        http("acme")
            .get()
            .uri("/strategies")
            .retrieve()
            .bodyToFlux(StrategyInfo.class)
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(strategies.stream().map(StrategyInfo::name))
        .containsExactly("best_of_n", "self_consistency", "refine");
    assertThat(strategies.getFirst().params()).containsEntry("n", 4).containsKey("max_calls");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|400 invalid_json",
        "{|400 invalid_json",
        "[]|400 invalid_json",
        "{}|400 missing_required_parameter runId",
        "{'runId':'a b'}|400 invalid_value runId",
        "{'runId':'r1'}|400 missing_required_parameter strategy",
        "{'runId':'r1','strategy':'best_off_n'}|400 invalid_value strategy",
        "{'runId':'r1','strategy':'best_of_n'}|400 missing_required_parameter messages",
        "{'runId':'r1','strategy':'best_of_n','messages':[]}|400 missing_required_parameter messages",
        "{'runId':'r1','strategy':'best_of_n','messages':[null]}|400 missing_required_parameter messages[0]",
        "{'runId':'r1','strategy':'best_of_n','messages':[{'role':'robot','content':'x'}]}|400 invalid_value messages[0].role",
        "{'runId':'r1','strategy':'best_of_n','messages':'hi'}|400 invalid_json",
        "{M,'params':{'n':0}}|400 invalid_value n",
        "{M,'params':{'n':100000}}|400 invalid_value n",
        "{M,'params':{'n':'four'}}|400 invalid_value n",
        "{M,'params':{'m':4}}|400 invalid_value params",
        "{M,'params':{'parallelism':1000}}|400 invalid_value parallelism",
        "{M,'maxTokens':-5}|400 invalid_value max_tokens",
        "{M,'maxTokens':2.5}|400 invalid_json",
        "{M,'endpoint':'http://169.254.169.254/'}|400 invalid_value endpoint",
        "{M,'endpoint':'mute','params':{'scoring':'logprob'}}|400 invalid_value params.scoring",
        "{M,'model':'a b'}|400 invalid_value model",
        "{M,'stop':['']}|400 invalid_value stop",
        "{M,'sampling':{'temperature':9}}|400 invalid_value temperature",
        "{M,'sampling':{'topP':-1}}|400 invalid_value top_p",
        "{M,'sampling':{'topP':'NaN'}}|400 invalid",
      })
  void badInputIsRefusedWithTheFieldAndTheRule(String body, String expected) {
    String message =
        "'runId':'r1','strategy':'best_of_n','messages':[{'role':'user','content':'x'}]";
    String told = answer("acme", "/runs", body.replace("{M", "{" + message).replace('\'', '"'));
    if (expected.startsWith("400 invalid_json") || expected.equals("400 invalid")) {
      assertThat(told).startsWith("400");
      return;
    }
    String[] parts = expected.split(" ", -1);
    assertThat(told).startsWith(parts[0]).contains("\"code\":\"" + parts[1] + "\"");
    assertThat(told).contains("\"param\":\"" + parts[2] + "\"");
  }

  @Test
  void deepLargeAndMistypedBodiesAreRefused() {
    assertThat(answer("acme", "/runs", "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}"))
        .startsWith("400");
    assertThat(answer("acme", "/runs", "{\"runId\":\"" + "x".repeat(10 << 20) + "\"}"))
        .startsWith("413");
    ClientResponse text =
        http("acme")
            .post()
            .uri("/runs")
            .contentType(MediaType.TEXT_PLAIN)
            .bodyValue("hello")
            .exchangeToMono(Mono::just)
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(text.statusCode().value()).isEqualTo(415);
  }

  @ParameterizedTest
  @CsvSource({
    "/runs?limit=0,400", "/runs?limit=101,400", "/runs?limit=x,400", "/runs?status=done,400",
    "/runs?after=a.b,400", "/runs/none,404", "/runs/none/events,404", "/runs/none/tree,404",
    "/runs/none/events?after=-1,400", "/runs/none/events?after=x,400"
  })
  void badQueriesAreRefused(String path, int status) {
    assertThat(status("acme", path)).isEqualTo(status);
  }

  @Test
  void withoutATokenNothingIsServed() {
    Integer status =
        WebClient.create("http://127.0.0.1:" + port)
            .get()
            .uri("/internal/v1/runs")
            .header(Caller.HEADER, "forged")
            .exchangeToMono(response -> Mono.just(response.statusCode().value()))
            .block(PATIENCE);
    assertThat(status).isEqualTo(403);
  }

  @Test
  void callsBelongToTheTraceOfTheRequest() {
    String id = newRunId();
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    ScriptedModel.answers(MODEL, request -> "42");
    http("acme")
        .post()
        .uri("/runs")
        .header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
        .bodyValue(request(id, "best_of_n", Map.of("n", 2)))
        .retrieve()
        .bodyToFlux(RunEvent.class)
        .blockLast(PATIENCE);
    assertThat(
            MODEL.calls(ScriptedModel.GENERATE).stream()
                .filter(call -> call.body().contains(id + ":"))
                .map(call -> String.valueOf(call.header("traceparent"))))
        .hasSize(2)
        .allSatisfy(parent -> assertThat(parent).startsWith("00-" + trace));
  }

  @Test
  void healthAndMetricsAreThere() {
    WebClient open = WebClient.create("http://127.0.0.1:" + port);
    assertThat(
            open.get()
                .uri("/actuator/health/readiness")
                .retrieve()
                .bodyToMono(String.class)
                .block())
        .contains("UP");
    ScriptedModel.answers(MODEL, request -> "42");
    run(request(newRunId(), "best_of_n", Map.of("n", 1)));
    assertThat(open.get().uri("/actuator/prometheus").retrieve().bodyToMono(String.class).block())
        .contains(
            "ponder_runs_seconds_count", "ponder_run_calls_seconds_count", "ponder_runs_active");
  }

  private int status(String tenant, String path) {
    return http(tenant)
        .get()
        .uri(path)
        .exchangeToMono(response -> Mono.just(response.statusCode().value()))
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  private JsonNode get(String tenant, String path) {
    return JSON.readTree(
        http(tenant)
            .get()
            .uri(path)
            .retrieve()
            .bodyToMono(String.class)
            .blockOptional(PATIENCE)
            .orElseThrow());
  }

  private String refusal(String tenant, RunRequest request) {
    String told = answer(tenant, "/runs", JSON.writeValueAsString(request));
    return told.substring(0, 4)
        + JSON.readTree(told.substring(4)).path("error").path("code").asString();
  }

  /** Returns the status and the body. */
  private String answer(String tenant, String path, String body) {
    return http(tenant)
        .post()
        .uri(path)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(body)
        .exchangeToMono(response ->
            response
                .bodyToMono(String.class)
                .defaultIfEmpty("")
                .map(told -> response.statusCode().value() + " " + told))
        .blockOptional(PATIENCE)
        .orElseThrow();
  }
}
