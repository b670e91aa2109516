package dev.ponder.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A user's first hour, over the public door, with the real model and all four services. */
@Tag("real-model")
class EndToEndTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** A disk or a machine that stands still for minutes is not what is tested. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final String QUESTION =
      "{'role':'user','content':'What is the capital of France? Answer in one sentence.'}";

  @TempDir static Path data;
  static RunningPlatform ponder;
  static OtlpReceiver collector;

  @BeforeAll
  static void start() throws Exception {
    collector = new OtlpReceiver();
    System.setProperty(
        "management.opentelemetry.tracing.export.otlp.endpoint", collector.endpoint());
    System.setProperty("management.tracing.sampling.probability", "1.0");
    ponder = new RunningPlatform(data, true);
  }

  @AfterAll
  static void stop() {
    ponder.close();
    collector.close();
    System.clearProperty("management.opentelemetry.tracing.export.otlp.endpoint");
    System.clearProperty("management.tracing.sampling.probability");
  }

  @Test
  void answersAQuestion() throws Exception {
    HttpResponse<String> response =
        chat("{'model':'%s','messages':[%s],'temperature':0,'max_tokens':32}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode body = JSON.readTree(response.body());
    assertThat(body.at("/choices/0/message/content").asString()).contains("Paris");
    assertThat(body.at("/choices/0/finish_reason").asString()).isIn("stop", "length");
    assertThat(body.at("/usage/prompt_tokens").asInt()).isGreaterThan(10);
    assertThat(body.at("/usage/total_tokens").asInt())
        .isEqualTo(
            body.at("/usage/prompt_tokens").asInt() + body.at("/usage/completion_tokens").asInt());
  }

  @Test
  void streamsTheSameAnswer() throws Exception {
    String request = "{'model':'%s','messages':[%s],'temperature':0,'max_tokens':32";
    String whole =
        JSON.readTree(chat(request + "}").body()).at("/choices/0/message/content").asString();

    HttpResponse<String> response = chat(request + ",'stream':true}");

    List<String> events =
        response.body().lines().filter(line -> line.startsWith("data: ")).toList();
    assertThat(events.getLast()).isEqualTo("data: [DONE]");
    String streamed =
        events.stream()
            .limit(events.size() - 1)
            .map(event -> JSON.readTree(event.substring("data: ".length())))
            .map(chunk -> chunk.at("/choices/0/delta/content").asString(""))
            .collect(Collectors.joining());
    assertThat(streamed).isEqualTo(whole);
  }

  @Test
  void servesLangChain4j() {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(ponder.url() + "/v1")
            .apiKey(ponder.key())
            .modelName(RunningPlatform.MODEL)
            .temperature(0.0)
            .maxTokens(24)
            .build();

    assertThat(model.chat("What is the capital of France?")).contains("Paris");
  }

  @Test
  void streamsToLangChain4j() throws Exception {
    OpenAiStreamingChatModel model =
        OpenAiStreamingChatModel.builder()
            .baseUrl(ponder.url() + "/v1")
            .apiKey(ponder.key())
            .modelName(RunningPlatform.MODEL)
            .temperature(0.0)
            .maxTokens(24)
            .build();
    CompletableFuture<ChatResponse> done = new CompletableFuture<>();
    StringBuilder partial = new StringBuilder();
    model.chat(
        "What is the capital of France?",
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String text) {
            partial.append(text);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            done.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            done.completeExceptionally(error);
          }
        });

    ChatResponse response = done.get(60, TimeUnit.SECONDS);

    assertThat(partial.toString()).contains("Paris").isEqualTo(response.aiMessage().text());
    assertThat(response.tokenUsage().outputTokenCount()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"best_of_n, 3", "self_consistency, 3", "refine, "})
  void thinksLongerWithAStrategyAndLogsTheRun(String strategy, String n) throws Exception {
    String params = n == null ? "" : ",'strategy':{'name':'" + strategy + "','n':" + n + "}";
    String model = n == null ? strategy : RunningPlatform.MODEL;
    HttpResponse<String> response =
        post(
            "/v1/chat/completions",
            "{'model':'"
                + model
                + "','messages':["
                + QUESTION
                + "],'max_tokens':24"
                + params
                + "}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(JSON.readTree(response.body()).at("/choices/0/message/content").asString())
        .isNotBlank();
    String run = response.headers().firstValue("x-ponder-run-id").orElseThrow();
    assertThat(ponder.query("select strategy from strategy.runs where id = '" + run + "'"))
        .containsExactly(strategy);
    assertThat(
            ponder.query(
                "select distinct type from strategy.run_events where run_id = '" + run + "'"))
        .contains("asked", "told", "finished");
    JsonNode tree = JSON.readTree(get("/v1/runs/" + run + "/tree").body());
    assertThat(tree.toString()).contains("text");
  }

  @Test
  void logsADirectRequestToo() throws Exception {
    HttpResponse<String> response =
        chat("{'model':'%s','messages':[%s],'temperature':0,'max_tokens':4}");
    String run = response.headers().firstValue("x-ponder-run-id").orElseThrow();

    // It is recorded after the answer has gone out.
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() ->
            assertThat(ponder.query("select strategy from strategy.runs where id = '" + run + "'"))
                .containsExactly("direct"));
    assertThat(get("/v1/runs/" + run).statusCode()).isEqualTo(200);
  }

  @Test
  void freesTheSequencesOfClientsThatLeave() throws Exception {
    for (int i = 0; i < 12; i++) {
      HttpResponse<InputStream> response =
          HTTP.send(
              request("/v1/chat/completions")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          json(
                              "{'model':'"
                                  + RunningPlatform.MODEL
                                  + "','messages':[{'role':'user','content':'Count upwards. Run "
                                  + i
                                  + "'}],'stream':true,'max_tokens':4000}")))
                  .build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body().read()).isPositive();
      response.body().close();
    }

    HttpResponse<String> next =
        chat("{'model':'%s','messages':[%s],'temperature':0,'max_tokens':8}");

    assertThat(next.statusCode()).isEqualTo(200);
    assertThat(ponder.query("select count(*) from strategy.runs where status = 'running'"))
        .containsExactly("0");
  }

  @Test
  void keepsOneTraceOverAllServices() throws Exception {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    HttpResponse<String> response =
        HTTP.send(
            request("/v1/chat/completions")
                .header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        json("{'model':'best_of_n','messages':[" + QUESTION + "],'max_tokens':4}")))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(200);
    List<String> services = List.of("gateway-service", "strategy-service", "model-service");
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(collector.servicesIn(trace, services)).isEqualTo(services));
  }

  @Test
  void refusesAWrongKeyInOpenAisShape() throws Exception {
    HttpResponse<String> response =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(ponder.url() + "/v1/models"))
                .header("Authorization", "Bearer sk-ponder-wrong")
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(401);
    JsonNode error = JSON.readTree(response.body()).path("error");
    assertThat(error.propertyNames()).contains("message", "type", "param", "code");
    assertThat(error.path("code").asString()).isEqualTo("invalid_api_key");
  }

  @Test
  void listsModelsAndStrategies() throws Exception {
    String body = get("/v1/models").body().toLowerCase(Locale.ROOT);

    assertThat(body).contains(RunningPlatform.MODEL, "best_of_n", "self_consistency", "refine");
  }

  /** A template with the model's id and the question, in single quotes for readability. */
  private static HttpResponse<String> chat(String template) throws Exception {
    return post("/v1/chat/completions", template.formatted(RunningPlatform.MODEL, QUESTION));
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    try {
      return HTTP.send(
          request(path).POST(HttpRequest.BodyPublishers.ofString(json(body))).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (HttpTimeoutException e) {
      throw new AssertionError("no answer to " + body + "\n" + ponder.state(), e);
    }
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return HTTP.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(ponder.url() + path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + ponder.key())
        .header("Content-Type", "application/json");
  }

  private static String json(String singleQuoted) {
    return singleQuoted.replace('\'', '"');
  }
}
