package dev.ponder.gateway;

import static dev.ponder.gateway.TestGateway.MODEL;
import static dev.ponder.gateway.TestGateway.chat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.gateway.TestGateway.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Every kind of bad request gets a clear answer of OpenAI's shape, and does no harm. */
class BadInputTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";

  private final TestGateway gateway = TestGateway.shared();

  /**
   * A bad request.
   *
   * @param param the error's param; empty: null
   * @param says a part of the message
   */
  record Case(String path, String body, int status, String code, String param, String says) {
    @Override
    public String toString() {
      return body.length() > 120 ? body.substring(0, 120) + "..." : body;
    }
  }

  private static Case field(String field, String param, String says) {
    return new Case(CHAT, chat("," + field), 400, "invalid_value", param, says);
  }

  private static Case message(String message, String param, String says) {
    String body = "{\"model\":\"" + MODEL + "\",\"messages\":[" + message + "]}";
    String code = says.contains("missing") ? "missing_required_parameter" : "invalid_value";
    return new Case(CHAT, body, 400, code, param, says);
  }

  private static Case body(String body, String says) {
    return new Case(CHAT, body, 400, "invalid_json", "", says);
  }

  private static Case prompt(String more, String param, String says) {
    String body = "{\"model\":\"" + MODEL + "\"," + more + "}";
    return new Case(TEXT, body, 400, "invalid_value", param, says);
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.add(body("", "body: empty"));
    cases.add(body("   ", "body: empty"));
    cases.add(body("{", "body: "));
    cases.add(body("{\"model\":}", "line 1, column"));
    cases.add(body("nonsense", "body: "));
    cases.add(body(chat("") + "x", "body: "));
    cases.add(body("{\"model\":\"a\",\"model\":\"b\"}", "uplicate"));
    cases.add(body("{\"a\":".repeat(5_000) + "1" + "}".repeat(5_000), "64"));
    cases.add(body("[".repeat(5_000), "64"));
    cases.add(body("{\"model\":" + "1".repeat(5_000) + "}", "umber"));
    cases.add(body(chat(",\"temperature\":NaN"), "body: "));
    cases.add(new Case(CHAT, "[]", 400, "invalid_value", "body", "(expected: a JSON object)"));
    cases.add(new Case(CHAT, "\"x\"", 400, "invalid_value", "body", "a JSON object"));
    cases.add(
        new Case(
            CHAT,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            400,
            "missing_required_parameter",
            "model",
            "model: missing"));
    cases.add(
        new Case(
            CHAT,
            "{\"model\":7,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            400,
            "invalid_value",
            "model",
            "model: 7 (expected: a string)"));
    cases.add(
        new Case(
            CHAT,
            chat("").replace(MODEL, "smollm2-135m-instrukt"),
            404,
            "model_not_found",
            "model",
            "did you mean " + MODEL + "?"));
    cases.add(
        new Case(
            CHAT,
            chat("").replace(MODEL, "best_of_m"),
            404,
            "model_not_found",
            "model",
            "did you mean best_of_n?"));
    cases.add(
        new Case(
            CHAT,
            chat("").replace(MODEL, "x".repeat(250)),
            404,
            "model_not_found",
            "model",
            "/v1/models"));
    cases.add(
        new Case(
            CHAT,
            "{\"model\":\"" + MODEL + "\"}",
            400,
            "missing_required_parameter",
            "messages",
            "messages: missing"));
    cases.add(
        new Case(
            CHAT,
            "{\"model\":\"" + MODEL + "\",\"messages\":[]}",
            400,
            "invalid_value",
            "messages",
            "messages: an array of 0 (expected: an array of at least one message)"));
    cases.add(
        new Case(
            CHAT,
            "{\"model\":\"" + MODEL + "\",\"messages\":\"hi\"}",
            400,
            "invalid_value",
            "messages",
            "messages: \"hi\""));
    cases.add(message("\"hi\"", "messages[0]", "an object"));
    cases.add(message("{\"content\":\"a\"}", "messages[0].role", "messages[0].role: missing"));
    cases.add(
        message("{\"role\":\"king\",\"content\":\"a\"}", "messages[0].role", "\"king\" (expected"));
    cases.add(message("{\"role\":\"tool\",\"content\":\"a\"}", "messages[0].role", "\"tool\""));
    cases.add(message("{\"role\":1,\"content\":\"a\"}", "messages[0].role", "1 (expected"));
    cases.add(message("{\"role\":\"user\"}", "messages[0].content", "content: missing"));
    cases.add(message("{\"role\":\"user\",\"content\":null}", "messages[0].content", "missing"));
    cases.add(message("{\"role\":\"user\",\"content\":5}", "messages[0].content", "5 (expected"));
    cases.add(
        message("{\"role\":\"user\",\"content\":[]}", "messages[0].content", "at least one text"));
    cases.add(
        message(
            "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}",
            "messages[0].content[0].type",
            "\"image_url\" (expected: text"));
    cases.add(
        message(
            "{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}",
            "messages[0].content[0].text",
            "missing"));
    cases.add(
        message(
            "{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{}]}",
            "messages[0].tool_calls",
            "not supported yet"));
    cases.add(
        message(
            "{\"role\":\"user\",\"content\":\"a\\ud800b\"}",
            "messages[0].content",
            "unpaired surrogate"));
    for (String n : List.of("0", "-1", "100000", "129", "1.5", "\"2\"", "99999999999", "[]")) {
      cases.add(field("\"n\":" + n, "n", "(expected: an integer from 1 to 128)"));
    }
    for (String t : List.of("9", "-0.1", "2.0001", "1e400", "\"1\"", "true")) {
      cases.add(field("\"temperature\":" + t, "temperature", "(expected: a number from 0 to 2)"));
    }
    for (String p : List.of("-1", "0", "1.01", "\"x\"")) {
      cases.add(field("\"top_p\":" + p, "top_p", "(expected: a number above 0, at most 1)"));
    }
    for (String m : List.of("2.5", "-5", "0", "\"x\"", "3000000000")) {
      cases.add(field("\"max_tokens\":" + m, "max_tokens", "(expected: an integer of at least 1)"));
      cases.add(field("\"max_completion_tokens\":" + m, "max_completion_tokens", "expected"));
    }
    cases.add(field("\"stop\":5", "stop", "a string or an array of strings"));
    cases.add(field("\"stop\":\"\"", "stop", "characters"));
    cases.add(field("\"stop\":[\"a\",\"\"]", "stop[1]", "characters"));
    cases.add(field("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop", "at most 4 strings"));
    cases.add(field("\"stop\":[1]", "stop[0]", "a string"));
    cases.add(field("\"logit_bias\":[1]", "logit_bias", "an object"));
    cases.add(field("\"logit_bias\":{\"x\":1}", "logit_bias", "token ids as keys"));
    cases.add(field("\"logit_bias\":{\"-1\":1}", "logit_bias", "token ids as keys"));
    cases.add(field("\"logit_bias\":{\"5\":101}", "logit_bias.5", "from -100 to 100"));
    cases.add(field("\"seed\":1.5", "seed", "a 64-bit integer"));
    cases.add(field("\"seed\":9223372036854775808", "seed", "a 64-bit integer"));
    cases.add(field("\"presence_penalty\":3", "presence_penalty", "from -2 to 2"));
    cases.add(field("\"frequency_penalty\":-2.5", "frequency_penalty", "from -2 to 2"));
    cases.add(field("\"logprobs\":1", "logprobs", "true or false"));
    cases.add(field("\"top_logprobs\":2", "top_logprobs", "absent unless logprobs is true"));
    cases.add(field("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "from 0 to 20"));
    cases.add(field("\"stream\":\"yes\"", "stream", "true or false"));
    cases.add(field("\"stream_options\":{}", "stream_options", "unless stream is true"));
    cases.add(
        field(
            "\"stream\":true,\"stream_options\":{\"include_usage\":1}",
            "stream_options.include_usage",
            "true or false"));
    cases.add(field("\"user\":5", "user", "a string"));
    cases.add(field("\"tools\":[{}]", "tools", "not supported yet"));
    cases.add(field("\"tools\":{}", "tools", "not supported yet"));
    cases.add(field("\"tool_choice\":\"required\"", "tool_choice", "not supported yet"));
    cases.add(field("\"functions\":[{}]", "functions", "not supported yet"));
    cases.add(
        field(
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}",
            "response_format.type",
            "not supported yet"));
    cases.add(
        field("\"response_format\":{\"type\":\"json_object\"}", "response_format.type", "text"));
    cases.add(field("\"response_format\":\"text\"", "response_format", "an object"));
    cases.add(field("\"modalities\":[\"audio\"]", "modalities", "text"));
    cases.add(field("\"continue_final_message\":true", "continue_final_message", "assistant"));
    cases.add(field("\"top_k\":-1", "top_k", "from 0"));
    cases.add(field("\"min_p\":1.5", "min_p", "from 0 to 1"));
    cases.add(
        new Case(
            CHAT,
            chat(",\"strategy\":\"best_of_m\""),
            404,
            "not_found",
            "strategy",
            "did you mean best_of_n?"));
    cases.add(field("\"strategy\":5", "strategy", "a strategy's name"));
    cases.add(
        field(
            "\"strategy\":{\"name\":\"best_of_n\",\"scorrer\":1}",
            "strategy.scorrer",
            "did you mean scorer?"));
    cases.add(
        new Case(
            CHAT,
            chat(",\"strategy\":{\"n\":3}"),
            400,
            "missing_required_parameter",
            "strategy.name",
            "strategy.name: missing"));
    cases.add(field("\"strategy\":\"best_of_n\",\"n\":2", "n", "(expected: 1 with a strategy"));
    cases.add(field("\"strategy\":\"best_of_n\",\"logprobs\":true", "logprobs", "with a strategy"));
    cases.add(
        new Case(
            CHAT,
            chat(",\"strategy\":\"best_of_n\"").replace("hi", "a\\u0000"),
            400,
            "invalid_value",
            "messages[0].content",
            "U+0000"));
    cases.add(
        new Case(
            TEXT,
            "{\"model\":\"" + MODEL + "\"}",
            400,
            "missing_required_parameter",
            "prompt",
            "prompt: missing"));
    cases.add(prompt("\"prompt\":[]", "prompt", "an array of 0"));
    cases.add(prompt("\"prompt\":5", "prompt", "5 (expected"));
    cases.add(prompt("\"prompt\":[1,-1]", "prompt[1]", "a token id"));
    cases.add(prompt("\"prompt\":[1,\"a\"]", "prompt[1]", "a token id"));
    cases.add(prompt("\"prompt\":[[1],[]]", "prompt[1]", "a string"));
    cases.add(prompt("\"prompt\":[\"a\",\"b\"],\"n\":100", "n", "at most 128 answers"));
    cases.add(prompt("\"prompt\":\"a\",\"echo\":true", "echo", "not supported"));
    cases.add(prompt("\"prompt\":\"a\",\"suffix\":\"b\"", "suffix", "not supported"));
    cases.add(prompt("\"prompt\":\"a\",\"best_of\":3", "best_of", "equal to n"));
    cases.add(prompt("\"prompt\":\"a\",\"logprobs\":true", "logprobs", "an integer from 0 to 20"));
    cases.add(
        new Case(
            TEXT,
            "{\"model\":\"best_of_n\",\"prompt\":\"a\"}",
            400,
            "invalid_value",
            "model",
            "strategies answer chats only"));
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefused(Case bad) {
    int before = gateway.model.calls("/internal/v1/generate").size();

    Answer answer = gateway.post(bad.path(), bad.body());

    assertError(answer, bad.status(), bad.code());
    JsonNode error = answer.json().get("error");
    assertThat(error.get("message").asString()).contains(bad.says());
    assertThat(error.get("param").isNull() ? "" : error.get("param").asString())
        .isEqualTo(bad.param());
    assertThat(gateway.model.calls("/internal/v1/generate")).hasSize(before);
    assertThat(gateway.post(CHAT, chat("")).status()).as("still serving").isEqualTo(200);
  }

  @Test
  void harmlessFieldsAreIgnored() {
    Answer answer =
        gateway.post(
            CHAT,
            chat(
                """
                ,"tools":[],"tool_choice":"none","response_format":{"type":"text"},"n":null,\
                "modalities":["text"],"store":true,"unheard_of":{"deep":[1]},"stop":null,\
                "logit_bias":{},"parallel_tool_calls":true\
                """));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  @Test
  void aBodyBeyondTheLimitIsRefusedWithAnAnswerTheClientSees() {
    String body = chat("").replace("hi", "x".repeat(10 << 20));
    assertError(gateway.post(CHAT, body), 413, "request_too_large");

    HttpRequest chunked =
        gateway
            .request(CHAT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.fromPublisher(BodyPublishers.ofString(body))) // no Content-Length
            .build();
    assertError(gateway.send(chunked), 413, "request_too_large");
    assertThat(gateway.post(CHAT, chat("")).status()).isEqualTo(200);
  }

  @Test
  void aBodyJustBelowTheLimitIsServed() {
    String body = chat("").replace("hi", "x".repeat((2 << 20) - 200));
    assertThat(gateway.post(CHAT, body).status()).isEqualTo(200);
  }

  @Test
  void wrongContentTypeIs415() {
    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "nonsense")) {
      HttpRequest request =
          gateway
              .request(CHAT)
              .header("Content-Type", type)
              .POST(BodyPublishers.ofString(chat("")))
              .build();
      assertError(gateway.send(request), 415, "unsupported_media_type");
    }
    HttpRequest none = gateway.request(CHAT).POST(BodyPublishers.ofString(chat(""))).build();
    assertError(gateway.send(none), 415, "unsupported_media_type");
  }

  @Test
  void wrongMethodIs405WithAllow() {
    Answer get = gateway.get(CHAT);
    assertError(get, 405, "method_not_allowed");
    assertThat(get.header("allow")).isEqualTo("POST");
    HttpRequest delete = gateway.request("/v1/models").DELETE().build();
    Answer deleted = gateway.send(delete);
    assertError(deleted, 405, "method_not_allowed");
    assertThat(deleted.header("allow")).contains("GET");
  }

  @Test
  void unknownPathIs404() {
    assertError(gateway.get("/v1/nothing"), 404, "not_found");
    assertError(gateway.post("/v1/nothing", "{}"), 404, "not_found");
    assertError(gateway.get("/nothing"), 404, "not_found");
    assertError(gateway.get("/v1/runs/not-an-id"), 404, "not_found");
    assertError(gateway.get("/v1/models/nothing"), 404, "model_not_found");
  }

  @Test
  void theServicesInnerPathsDoNotExistHere() {
    for (String path :
        List.of(
            "/internal/v1/generate",
            "/internal",
            "/%69nternal/v1/models",
            "/internal;x=1/v1/models",
            "//internal/v1/models")) {
      HttpRequest request =
          gateway
              .request(path)
              .header(
                  "X-Ponder-Token",
                  new dev.ponder.common.auth.InternalTokens(TestGateway.SECRET)
                      .sign(
                          new dev.ponder.common.auth.Caller("a", "r", 0),
                          System.currentTimeMillis()))
              .build();
      assertError(gateway.send(request), 404, "not_found");
    }
  }

  static void assertError(Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("content-type")).startsWith("application/json");
    assertThat(answer.header("x-request-id")).startsWith("req_");
    JsonNode error = answer.json().get("error");
    assertThat(error.propertyNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
    assertThat(error.get("code").asString()).isEqualTo(code);
    assertThat(error.get("message").asString()).isNotEmpty().hasSizeLessThan(1_000);
  }
}
