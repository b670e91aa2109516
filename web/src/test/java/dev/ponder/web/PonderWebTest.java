package dev.ponder.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@SpringBootTest(
    classes = EchoApplication.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = "ponder.internal.secret=a secret for the tests")
class PonderWebTest {
  private static final String VALID =
      "{\"model\":\"m\",\"n\":1,\"continueFinalMessage\":false,\"ignoreEos\":false}";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @LocalServerPort private int port;
  @Autowired private InternalTokens tokens;
  @Autowired private InternalClients clients;
  @Autowired private Clock clock;

  private WebTestClient http() {
    return WebTestClient.bindToServer()
        .filter(WholeResponses.READ)
        .baseUrl("http://127.0.0.1:" + port)
        .build();
  }

  static Stream<Arguments> badBodies() {
    return Stream.of("/echo", "/functional")
        .flatMap(path ->
            Stream.of(
                    Arguments.of("cut short", "{\"model\":"),
                    Arguments.of("not JSON", "hello"),
                    Arguments.of("empty", ""),
                    Arguments.of("an array", "[1]"),
                    Arguments.of("a wrong type", "{\"model\":\"m\",\"n\":\"many\"}"),
                    Arguments.of("a number in quotes", VALID.replace(":1,", ":\"1\",")),
                    Arguments.of("a boolean as number", VALID.replace(":1,", ":true,")),
                    Arguments.of("null as number", VALID.replace(":1,", ":null,")),
                    Arguments.of("a number as text", VALID.replace("\"m\"", "7")),
                    Arguments.of("a fraction", VALID.replace(":1,", ":2.5,")),
                    Arguments.of("a huge number", VALID.replace(":1,", ":1e400,")),
                    Arguments.of("a huge exponent", VALID.replace(":1,", ":1e999999999,")),
                    Arguments.of(
                        "a long number", VALID.replace(":1,", ":" + "9".repeat(5000) + ",")),
                    Arguments.of("5,000 open arrays", "[".repeat(5000)),
                    Arguments.of(
                        "5,000 levels in a known field",
                        "{\"messages\":" + "[".repeat(5000) + "]".repeat(5000) + "}"),
                    Arguments.of(
                        "5,000 levels in an unknown field",
                        "{\"x\":" + "{\"a\":".repeat(5000) + "1" + "}".repeat(5000) + "}"),
                    Arguments.of("a second value", VALID + "{}"))
                .map(a -> Arguments.of(path, a.get()[0], a.get()[1])));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("badBodies")
  void aBadBodyIsA400InOpenAisShape(String path, String what, String body) {
    JsonNode error = error(HttpMethod.POST, path, body, MediaType.APPLICATION_JSON, 400);
    assertThat(error.get("code").asString()).as(what).isEqualTo("invalid_json");
    assertThat(error.get("message").asString()).as(what).startsWith("body: ");
  }

  @Test
  void aGoodBodyPasses() {
    http()
        .post()
        .uri("/echo")
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(VALID)
        .exchange()
        .expectStatus()
        .isOk()
        .expectBody(GenerateRequest.class)
        .value(r -> assertThat(r.n()).isEqualTo(1));
  }

  @Test
  void aLongStringUnderTheLimitPassesAndABodyOverItIsA413() {
    String ok = VALID.replace("\"m\"", "\"" + "m".repeat(100_000) + "\"");
    http()
        .post()
        .uri("/echo")
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(ok)
        .exchange()
        .expectStatus()
        .isOk();
    String tooLong = VALID.replace("\"m\"", "\"" + "m".repeat(10 << 20) + "\"");
    for (String path : new String[] {"/echo", "/functional"}) {
      JsonNode error = error(HttpMethod.POST, path, tooLong, MediaType.APPLICATION_JSON, 413);
      assertThat(error.get("code").asString()).isEqualTo("request_too_large");
    }
  }

  @Test
  void aWrongContentTypeIsA415() {
    for (String path : new String[] {"/echo", "/functional"}) {
      JsonNode error = error(HttpMethod.POST, path, VALID, MediaType.TEXT_PLAIN, 415);
      assertThat(error.get("code").asString()).isEqualTo("unsupported_media_type");
      assertThat(error.get("message").asString()).contains("text/plain");
    }
  }

  @Test
  void aWrongMethodIsA405() {
    JsonNode error = error(HttpMethod.PUT, "/echo", VALID, MediaType.APPLICATION_JSON, 405);
    assertThat(error.get("code").asString()).isEqualTo("method_not_allowed");
    assertThat(error.get("message").asString()).contains("PUT").contains("POST");
  }

  @Test
  void anUnknownPathIsA404() {
    JsonNode error = error(HttpMethod.POST, "/nowhere", VALID, MediaType.APPLICATION_JSON, 404);
    assertThat(error.get("code").asString()).isEqualTo("not_found");
  }

  @Test
  void aMissingOrMistypedParameterIsA400ThatNamesIt() {
    JsonNode missing = error(HttpMethod.GET, "/fail", "", MediaType.APPLICATION_JSON, 400);
    assertThat(missing.get("code").asString()).isEqualTo("missing_required_parameter");
    assertThat(missing.get("param").asString()).isEqualTo("how");
    JsonNode wrong = error(HttpMethod.GET, "/repeat?times=x", "", MediaType.APPLICATION_JSON, 400);
    assertThat(wrong.get("code").asString()).isEqualTo("invalid_value");
    assertThat(wrong.get("message").asString()).isEqualTo("times: x (expected: int)");
  }

  /** A body sent in chunks has no length to be refused by. */
  @Test
  void aChunkedBodyOverTheLimitIsA413AndTheServiceLives() {
    Flux<DataBuffer> body =
        Flux.range(0, 640)
            .map(i ->
                DefaultDataBufferFactory.sharedInstance.wrap(" ".repeat(16384).getBytes(UTF_8)));
    for (int round = 0; round < 3; round++) {
      http()
          .post()
          .uri("/echo")
          .contentType(MediaType.APPLICATION_JSON)
          .body(BodyInserters.fromDataBuffers(body))
          .exchange()
          .expectStatus()
          .isEqualTo(413);
    }
    http()
        .post()
        .uri("/echo")
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(VALID)
        .exchange()
        .expectStatus()
        .isOk();
  }

  @Test
  void aRefusalSaysWhenToComeBack() {
    http()
        .get()
        .uri("/fail?how=busy")
        .exchange()
        .expectStatus()
        .isEqualTo(429)
        .expectHeader()
        .valueEquals("Retry-After", "2");
  }

  @Test
  void aBugIsA500WithoutDetails() {
    JsonNode error = error(HttpMethod.GET, "/fail?how=bug", "", MediaType.APPLICATION_JSON, 500);
    assertThat(error.get("code").asString()).isEqualTo("internal_error");
    assertThat(error.get("message").asString()).isEqualTo("internal error");
  }

  @Test
  void aCodedCauseKeepsItsCode() {
    JsonNode error =
        error(HttpMethod.GET, "/fail?how=wrapped", "", MediaType.APPLICATION_JSON, 400);
    assertThat(error.get("param").asString()).isEqualTo("n");
    assertThat(error.get("message").asString()).isEqualTo("n: 0 (expected: 1 to 128)");
  }

  @Test
  void internalPathsNeedASignedToken() {
    JsonNode error =
        error(HttpMethod.GET, "/internal/v1/whoami", "", MediaType.APPLICATION_JSON, 403);
    assertThat(error.get("message").asString()).isEqualTo("X-Ponder-Token: missing");
    String foreign =
        new InternalTokens("another secret, as long")
            .sign(new Caller("acme", "r", 0), clock.millis());
    http()
        .get()
        .uri("/internal/v1/whoami")
        .header(Caller.HEADER, foreign)
        .exchange()
        .expectStatus()
        .isForbidden();
    http()
        .get()
        .uri("/internal/v1/whoami")
        .header(Caller.HEADER, tokens.sign(new Caller("acme", "r", 0), clock.millis()))
        .exchange()
        .expectStatus()
        .isOk()
        .expectBody(String.class)
        .isEqualTo("acme");
  }

  /** Nobody gets around the filter by writing the path in another way. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/internal/v1/unguarded",
        "/internal//v1/unguarded",
        "//internal/v1/unguarded",
        "/internal;x=1/v1/unguarded",
        "/%69nternal/v1/unguarded",
        "/internal/v1;a=b/unguarded;c",
        "/./internal/v1/unguarded",
        "/x/../internal/v1/unguarded"
      })
  void anOddlyWrittenInternalPathNeverReachesTheHandlerWithoutAToken(String path) {
    http()
        .method(HttpMethod.GET)
        .uri(java.net.URI.create("http://127.0.0.1:" + port + path))
        .exchange()
        .expectStatus()
        .is4xxClientError();
  }

  @Test
  void aClientOfAnotherServiceSeesTheCodeMessageParamAndRetryAfter() {
    WebClient client = clients.to("http://127.0.0.1:" + port, "echo-service");
    PonderException busy = failure(client, "/fail?how=busy");
    assertThat(busy.code()).isEqualTo(ErrorCode.QUEUE_FULL);
    assertThat(busy.retryAfter()).isEqualTo(Duration.ofSeconds(2));
    PonderException invalid = failure(client, "/fail?how=what");
    assertThat(invalid.code()).isEqualTo(ErrorCode.INVALID_VALUE);
    assertThat(invalid.param()).isEqualTo("how");
    assertThat(invalid).hasMessage("how: what (expected: busy, bug or wrapped)");
  }

  @Test
  void aServiceThatIsNotThereIsUpstreamUnavailable() {
    PonderException e = failure(clients.to("http://127.0.0.1:1", "echo-service"), "/echo");
    assertThat(e.code()).isEqualTo(ErrorCode.UPSTREAM_UNAVAILABLE);
    assertThat(e).hasMessage("echo-service: not reachable");
  }

  @Test
  void anAnswerThatIsNotTheExpectedJsonIsTheUpstreamsFaultNotTheCallers() {
    WebClient client = clients.to("http://127.0.0.1:" + port, "echo-service");
    Throwable thrown =
        catchThrowableOfType(
            RuntimeException.class,
            () ->
                client
                    .get()
                    .uri("/events")
                    .retrieve()
                    .bodyToFlux(GenerateRequest.class)
                    .blockLast());
    assertThat(ErrorBodyHandler.translate(thrown).code()).isEqualTo(ErrorCode.UPSTREAM_FAILED);
  }

  @Test
  void eventsTravelAsNdjsonWithTheirTypes() {
    assertThat(
            http()
                .get()
                .uri("/events")
                .exchange()
                .expectStatus()
                .isOk()
                .expectHeader()
                .contentTypeCompatibleWith(MediaType.APPLICATION_NDJSON)
                .expectBody(String.class)
                .returnResult()
                .getResponseBody())
        .isEqualTo(
            """
            {"type":"started","model":"m","promptTokens":1,"cachedTokens":0}
            {"type":"finished","index":0,"reason":"stop","text":""}
            """);
    assertThat(
            clients
                .to("http://127.0.0.1:" + port, "echo-service")
                .get()
                .uri("/events")
                .retrieve()
                .bodyToFlux(GenerateEvent.class)
                .collectList()
                .block())
        .containsExactly(
            new GenerateEvent.Started("m", 1, 0), new GenerateEvent.Finished(0, "stop", ""));
  }

  private static PonderException failure(WebClient client, String uri) {
    return catchThrowableOfType(
        PonderException.class,
        () -> client.get().uri(uri).retrieve().bodyToMono(String.class).block());
  }

  private JsonNode error(
      HttpMethod method, String path, String body, MediaType type, int expectedStatus) {
    byte[] answer =
        http()
            .method(method)
            .uri(path)
            .contentType(type)
            .bodyValue(body)
            .exchange()
            .expectStatus()
            .isEqualTo(expectedStatus)
            .expectHeader()
            .contentTypeCompatibleWith(MediaType.APPLICATION_JSON)
            .expectBody()
            .returnResult()
            .getResponseBody();
    JsonNode root = JSON.readTree(answer == null ? new byte[0] : answer);
    assertThat(root.propertyNames()).containsExactly("error");
    JsonNode error = root.get("error");
    assertThat(error.propertyNames())
        .as("all four keys")
        .containsExactlyInAnyOrderElementsOf(
            Map.of("message", 1, "type", 1, "param", 1, "code", 1).keySet());
    assertThat(error.get("message").asString()).isNotEmpty();
    return error;
  }
}
