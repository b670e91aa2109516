package dev.ponder.strategy.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Sampling;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.ScriptedModel;
import dev.ponder.strategy.ServiceTest;
import dev.ponder.strategy.StrategyProperties.Endpoint;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.testing.RealServers;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import dev.ponder.web.InternalClients;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import tools.jackson.databind.json.JsonMapper;

/** What every backend must do, over real HTTP against a scripted server. */
class BackendContractTest extends ServiceTest {
  private static final String KEY = "sk-a-secret";
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Backend.Context CONTEXT =
      new Backend.Context(new Caller("acme", "req-1", 0), "some-model", "run_1");
  private static final Call.Generate CALL =
      new Call.Generate(
          "sample/0",
          null,
          "sample",
          List.of(new ChatMessage("user", "hello")),
          Sampling.DEFAULT.withTemperature(0.5).withSeed(9),
          16,
          List.of("END"),
          true);

  @Autowired private InternalClients clients;

  abstract static class Contract {
    ScriptedServer server = ScriptedServer.start();

    abstract Backend backend(String url);

    abstract String path();

    /** "It is 42." in three tokens of log-probabilities -1, -2, -3; 7 prompt tokens, 2 cached. */
    abstract Reply good();

    abstract Reply hanging();

    abstract Reply failingMidway();

    abstract Reply brokenOff();

    abstract Reply garbage();

    @BeforeEach
    void start() {
      server = ScriptedServer.start();
    }

    @AfterEach
    void stop() {
      server.close();
    }

    Result call(Spent spent) {
      return new SafeRetry(3)
          .around(backend(server.url()).call(CALL, CONTEXT, spent))
          .blockOptional(PATIENCE)
          .orElseThrow();
    }

    PonderException failure() {
      PonderException e = catchThrowableOfType(PonderException.class, () -> call(new Spent()));
      assertThat(e).isNotNull();
      assertThat(e.toString()).doesNotContain(KEY);
      return e;
    }

    @Test
    void givesTextReasonLogprobAndUsage() {
      server.on("POST", path(), good());
      Spent spent = new Spent();
      assertThat(call(spent))
          .isEqualTo(new Result.Text("It is 42.", "stop", -2.0, new Usage(7, 3, 2)));
      assertThat(spent.usage()).isEqualTo(new Usage(7, 3, 2));
      String body = server.calls(path()).getFirst().body();
      assertThat(body).contains("some-model", "hello", "END", "\"seed\":9", "16");
    }

    @ParameterizedTest
    @CsvSource({"429,true", "503,true", "500,false", "400,false", "502,false"})
    void repeatsOnlyWhatWasTurnedAway(int status, boolean repeated) {
      String code =
          switch (status) {
            case 429 -> "rate_limit_exceeded";
            case 503 -> "model_not_loaded";
            case 400 -> "invalid_value";
            default -> "internal_error";
          };
      Reply refusal =
          Reply.json(
                  status,
                  "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":\""
                      + code
                      + "\"}}")
              .with("Retry-After", "0");
      server.on("POST", path(), refusal);
      assertThat(failure().getMessage()).contains("no");
      assertThat(server.calls(path())).hasSize(repeated ? 3 : 1);
    }

    @Test
    void heedsRetryAfter() {
      server.on(
          "POST",
          path(),
          Reply.json(
                  429,
                  "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":"
                      + "\"rate_limit_exceeded\"}}")
              .with("Retry-After", "0"));
      assertThat(failure().retryAfter()).isEqualTo(Duration.ZERO);
    }

    @Test
    void aRefusedConnectionIsSafeToRepeat() {
      String nobody = "http://127.0.0.1:" + RealServers.freePort();
      PonderException e =
          catchThrowableOfType(
              PonderException.class,
              () -> backend(nobody).call(CALL, CONTEXT, new Spent()).block(PATIENCE));
      assertThat(e.code()).isEqualTo(ErrorCode.UPSTREAM_UNAVAILABLE);
      assertThat(SafeRetry.isSafe(e)).isTrue();
    }

    @Test
    void aCallThatFailsMidwayIsChargedAndNotRepeated() {
      server.on("POST", path(), failingMidway());
      Spent spent = new Spent();
      PonderException e = catchThrowableOfType(PonderException.class, () -> call(spent));
      assertThat(e).hasMessageContaining("it broke");
      assertThat(spent.usage().completionTokens()).isEqualTo(1);
      assertThat(server.calls(path())).hasSize(1);
    }

    @Test
    void halfAnAnswerIsNone() {
      server.on("POST", path(), brokenOff());
      assertThat(failure().getMessage()).contains("broke off");
      assertThat(server.calls(path())).hasSize(1);
    }

    @Test
    void garbageIsAFailure() {
      server.on("POST", path(), garbage());
      AtomicReference<Throwable> failure = new AtomicReference<>();
      new SafeRetry(3)
          .around(backend(server.url()).call(CALL, CONTEXT, new Spent()))
          .doOnError(failure::set)
          .onErrorComplete()
          .block(PATIENCE);
      assertThat(failure.get()).isNotNull();
      assertThat(server.calls(path())).hasSize(1);
    }

    @Test
    void cancellingAbortsUpstream() {
      server.on("POST", path(), hanging());
      Disposable call =
          backend(server.url())
              .call(CALL, CONTEXT, new Spent())
              .subscribe(result -> assertThat(result).isNull());
      server.untilCalled(path(), 1).block(PATIENCE);
      call.dispose();
      server.untilDeserted(1).block(PATIENCE);
    }
  }

  @Nested
  class ModelService extends Contract {
    @Override
    Backend backend(String url) {
      return new ModelServiceBackend(clients, url, "m");
    }

    @Override
    String path() {
      return ScriptedModel.GENERATE;
    }

    @Override
    Reply good() {
      return Reply.ndjson(
          Flux.just(
              "{\"type\":\"started\",\"model\":\"m\",\"promptTokens\":7,\"cachedTokens\":2}",
              "{\"type\":\"token\",\"index\":0,\"id\":1,\"text\":\"It\",\"logprob\":-1}",
              "{\"type\":\"token\",\"index\":0,\"id\":2,\"text\":\" is\",\"logprob\":-2}",
              "{\"type\":\"token\",\"index\":0,\"id\":3,\"text\":\"\",\"logprob\":-3}",
              "{\"type\":\"finished\",\"index\":0,\"reason\":\"stop\",\"text\":\" 42.\"}",
              "{\"type\":\"completed\",\"usage\":{\"promptTokens\":7,\"completionTokens\":3,"
                  + "\"cachedTokens\":2},\"timings\":{\"queueMillis\":0,\"cacheMillis\":0,"
                  + "\"cacheBytes\":0,\"prefillMillis\":0,\"decodeMillis\":0}}"));
    }

    @Override
    Reply hanging() {
      return ScriptedModel.hanging();
    }

    @Override
    Reply failingMidway() {
      return ScriptedModel.breaking("internal_error");
    }

    @Override
    Reply brokenOff() {
      return Reply.ndjson(
          Flux.just(
              "{\"type\":\"started\",\"model\":\"m\",\"promptTokens\":7,\"cachedTokens\":2}"));
    }

    @Override
    Reply garbage() {
      return Reply.ndjson(Flux.just("<html>"));
    }
  }

  @Nested
  @SuppressWarnings("ClassCanBeStatic") // JUnit runs nested classes only if they are not
  class OpenAiCompatible extends Contract {
    @Override
    Backend backend(String url) {
      return new OpenAiBackend(
          "foreign", WebClient.builder(), new Endpoint(url + "/v1", KEY, "m", true), JSON);
    }

    @Override
    String path() {
      return "/v1/chat/completions";
    }

    private static String piece(String text, double logprob, String reason) {
      return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
          + text
          + "\"},\"logprobs\":{\"content\":[{\"token\":\"t\",\"logprob\":"
          + logprob
          + "}]},\"finish_reason\":"
          + reason
          + "}],\"usage\":null}\n\n";
    }

    private static Reply events(Flux<String> events) {
      return Reply.stream("text/event-stream", events);
    }

    @Override
    Reply good() {
      return events(
          Flux.just(
              ": a comment\n\n",
              "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null},"
                  + "\"finish_reason\":null}]}\n\n",
              piece("It", -1, "null"),
              piece(" is", -2, "null"),
              piece(" 42.", -3, "\"stop\""),
              "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,"
                  + "\"prompt_tokens_details\":{\"cached_tokens\":2}}}\n\n",
              "data: [DONE]\n\n"));
    }

    @Override
    Reply hanging() {
      return events(Flux.just(piece("Hm", -1, "null")).concatWith(Flux.never()));
    }

    @Override
    Reply failingMidway() {
      return events(
          Flux.just(
              piece("Hm", -1, "null"),
              "data: {\"error\":{\"message\":\"it broke\",\"type\":\"server_error\"}}\n\n"));
    }

    @Override
    Reply brokenOff() {
      return events(Flux.just(piece("Hm", -1, "null")));
    }

    @Override
    Reply garbage() {
      return events(Flux.just("data: <html>\n\n"));
    }

    @Test
    void understandsAnAnswerInOnePiece() {
      server.on(
          "POST",
          path(),
          Reply.json(
              200,
              "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                  + "\"It is 42.\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":7,"
                  + "\"completion_tokens\":3}}"));
      assertThat(call(new Spent()))
          .isEqualTo(new Result.Text("It is 42.", "length", null, new Usage(7, 3, 0)));
    }

    @Test
    void neverShowsTheKey() {
      assertThat(new Endpoint("http://x/v1", KEY, "m", true).toString()).doesNotContain(KEY);
      server.on("POST", path(), good());
      call(new Spent());
      assertThat(server.calls(path()).getFirst().header("authorization"))
          .isEqualTo("Bearer " + KEY);
    }

    @Test
    void followsNoRedirect() {
      ScriptedServer elsewhere = ScriptedServer.start();
      server.on(
          "POST", path(), Reply.json(307, "").with("Location", elsewhere.url() + "/v1/steal"));
      failure();
      assertThat(elsewhere.calls()).isEmpty();
      elsewhere.close();
    }
  }
}
