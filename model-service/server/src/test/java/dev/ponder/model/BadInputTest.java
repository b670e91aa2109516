package dev.ponder.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.ModelInfo;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

/** What callers get wrong: each is told what and why, and the service goes on. */
class BadInputTest extends ServiceTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"n":1,"prompt":"x"}                                           | 400 | missing_required_parameter | model
          {"model":"absent","n":1,"prompt":"x"}                          | 404 | model_not_found | absent
          {"model":"../tiny","n":1,"prompt":"x"}                         | 404 | model_not_found | no model
          {"model":"truncated","n":1,"prompt":"x"}                       | 422 | model_file_invalid | truncated
          {"model":"empty","n":1,"prompt":"x"}                           | 422 | model_file_invalid | empty
          {"model":"mystery","n":1,"prompt":"x"}                         | 422 | model_file_invalid | mystery
          {"model":"tiny","n":1}                                         | 400 | invalid_value | exactly one
          {"model":"tiny","n":1,"prompt":"x","promptTokens":[3]}         | 400 | invalid_value | exactly one
          {"model":"tiny","n":1,"prompt":""}                             | 400 | invalid_value | at least one token
          {"model":"tiny","n":1,"promptTokens":[]}                       | 400 | invalid_value | at least one token
          {"model":"tiny","n":1,"promptTokens":[999999]}                 | 400 | invalid_value | promptTokens[0]: 999999
          {"model":"tiny","n":1,"promptTokens":[-1]}                     | 400 | invalid_value | promptTokens[0]: -1
          {"model":"tiny","n":1,"promptTokens":[null]}                   | 400 | invalid_value | promptTokens[0]
          {"model":"tiny","n":1,"messages":[]}                           | 400 | invalid_value | number of messages: 0
          {"model":"tiny","n":1,"messages":[null]}                       | 400 | invalid_value | messages[0]
          {"model":"tiny","n":1,"messages":[{"role":"tool","content":"x"}]} | 400 | invalid_value | messages[0].role: tool
          {"model":"tiny","n":1,"messages":[{"content":"x"}]}            | 400 | invalid_value | messages[0].role
          {"model":"tiny","n":1,"messages":[{"role":"user"}]}            | 400 | missing_required_parameter | messages[0].content
          {"model":"tiny","n":1,"continueFinalMessage":true,"messages":[{"role":"user","content":"x"}]} | 400 | invalid_value | continueFinalMessage
          {"model":"tiny","n":1,"continueFinalMessage":true,"prompt":"x"} | 400 | invalid_value | continueFinalMessage
          {"model":"no-template","n":1,"messages":[{"role":"user","content":"x"}]} | 400 | invalid_value | chat template
          {"model":"broken-template","n":1,"messages":[{"role":"user","content":"x"}]} | 400 | invalid_value | chat template, line
          {"model":"tiny","n":0,"prompt":"x"}                            | 400 | invalid_value | n: 0 (expected: 1 to 128)
          {"model":"tiny","n":-1,"prompt":"x"}                           | 400 | invalid_value | n: -1
          {"model":"tiny","n":100000,"prompt":"x"}                       | 400 | invalid_value | n: 100000
          {"model":"tiny","n":1.5,"prompt":"x"}                          | 400 | invalid_json | JSON
          {"model":"tiny","n":1,"prompt":"x","maxTokens":0}              | 400 | invalid_value | maxTokens: 0
          {"model":"tiny","n":1,"prompt":"x","maxTokens":-5}             | 400 | invalid_value | maxTokens: -5
          {"model":"tiny","n":1,"prompt":"x","maxTokens":2.5}            | 400 | invalid_json | JSON
          {"model":"tiny","n":1,"prompt":"x","maxTokens":65536}          | 400 | context_length_exceeded | 65536 tokens, but 65537 are asked for
          {"model":"tiny","n":1,"prompt":"x","stop":[""]}                | 400 | invalid_value | stop[0]
          {"model":"tiny","n":1,"prompt":"x","stop":["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"]} | 400 | invalid_value | number of stop: 17
          {"model":"tiny","n":1,"prompt":"x","topLogprobs":21}           | 400 | invalid_value | topLogprobs: 21
          {"model":"tiny","n":1,"prompt":"x","topLogprobs":-1}           | 400 | invalid_value | topLogprobs: -1
          {"model":"tiny","n":1,"prompt":"x","sampling":{"temperature":9}}          | 400 | invalid_value | sampling.temperature: 9.0 (expected: 0.0 to 2.0)
          {"model":"tiny","n":1,"prompt":"x","sampling":{"temperature":-1}}         | 400 | invalid_value | sampling.temperature
          {"model":"tiny","n":1,"prompt":"x","sampling":{"temperature":"NaN"}}      | 400 | invalid | temperature
          {"model":"tiny","n":1,"prompt":"x","sampling":{"topP":-1}}                | 400 | invalid_value | sampling.topP
          {"model":"tiny","n":1,"prompt":"x","sampling":{"topP":0}}                 | 400 | invalid_value | sampling.topP
          {"model":"tiny","n":1,"prompt":"x","sampling":{"topK":-1}}                | 400 | invalid_value | sampling.topK
          {"model":"tiny","n":1,"prompt":"x","sampling":{"minP":2}}                 | 400 | invalid_value | sampling.minP
          {"model":"tiny","n":1,"prompt":"x","sampling":{"repetitionPenalty":0}}    | 400 | invalid_value | sampling.repetitionPenalty
          {"model":"tiny","n":1,"prompt":"x","sampling":{"frequencyPenalty":3}}     | 400 | invalid_value | sampling.frequencyPenalty
          {"model":"tiny","n":1,"prompt":"x","sampling":{"presencePenalty":-3}}     | 400 | invalid_value | sampling.presencePenalty
          {"model":"tiny","n":1,"prompt":"x","sampling":{"logitBias":{"99999":1}}}  | 400 | invalid_value | sampling.logitBias: 99999
          {"model":"tiny","n":1,"prompt":"x","sampling":{"logitBias":{"5":101}}}    | 400 | invalid_value | sampling.logitBias.5
          {"model":"tiny","n":1,"prompt":"x","sampling":{"logitBias":{"5":null}}}   | 400 | invalid_value | sampling.logitBias.5
          {"model":"tiny","n":1,"prompt":"x","group":""}                 | 400 | invalid_value | group
          {"model":                                                      | 400 | invalid_json | JSON
          []                                                             | 400 | invalid_json | JSON
          """)
  void refusesWithAReason(String body, int status, String code, String reason) {
    Refusal refusal = refused(post("/internal/v1/generate", body));
    assertThat(refusal.status()).as(refusal.toString()).isEqualTo(status);
    assertThat(refusal.error().code()).startsWith(code);
    if (!code.equals("invalid")) {
      assertThat(refusal.error().message()).contains(reason);
    }
  }

  @Test
  void refusesAPromptThatCannotFitBeforeTokenisingIt() {
    String body = "{\"model\":\"tiny\",\"n\":1,\"prompt\":\"" + "x ".repeat(500_000) + "\"}";
    Refusal refusal = refused(post("/internal/v1/generate", body));
    assertThat(refusal.error().code()).isEqualTo("context_length_exceeded");
    assertThat(refusal.error().message()).contains("at least").contains("65536");
  }

  @Test
  void refusesABodyAboveTheLimit() {
    String body = "{\"model\":\"tiny\",\"n\":1,\"prompt\":\"" + "x".repeat(10 << 20) + "\"}";
    assertThat(refused(post("/internal/v1/generate", body)).status()).isEqualTo(413);
  }

  @Test
  void refusesWhatHasNoSignedToken() {
    Refusal refusal =
        refused(client().get().uri("/internal/v1/models").header("X-Ponder-Token", "v1.x.y"));
    assertThat(refusal.status()).isEqualTo(403);
  }

  @Test
  void refusesWrongMethodAndType() {
    assertThat(refused(client().get().uri("/internal/v1/generate")).status()).isEqualTo(405);
    Refusal type =
        refused(
            client()
                .post()
                .uri("/internal/v1/generate")
                .contentType(MediaType.TEXT_PLAIN)
                .bodyValue("{}"));
    assertThat(type.status()).isEqualTo(415);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          score    | {"model":"tiny","prompt":"x"}                                  | 400 | continuations
          score    | {"model":"tiny","prompt":"x","continuations":[]}               | 400 | number of continuations: 0
          score    | {"model":"tiny","prompt":"x","continuations":[""]}             | 400 | continuations[0]
          score    | {"model":"tiny","continuations":["y"]}                         | 400 | exactly one
          score    | {"model":"absent","prompt":"x","continuations":["y"]}          | 404 | absent
          tokenize | {"model":"tiny"}                                               | 400 | exactly one
          tokenize | {"model":"tiny","text":"x","messages":[]}                      | 400 | exactly one
          tokenize | {"model":"absent","text":"x"}                                  | 404 | absent
          """)
  void refusesElsewhereToo(String path, String body, int status, String reason) {
    Refusal refusal = refused(post("/internal/v1/" + path, body));
    assertThat(refusal.status()).isEqualTo(status);
    assertThat(refusal.error().message()).contains(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/internal/v1/models/absent,404",
    "GET,/internal/v1/models/..%2Ftiny,404",
    "POST,/internal/v1/models/absent/load,404",
    "POST,/internal/v1/models/absent/unload,404",
    "POST,/internal/v1/models/truncated/load?wait=true,422",
    "DELETE,/internal/v1/models/tiny,405",
  })
  void refusesModelsThatCannotBe(String method, String path, int status) {
    Refusal refusal =
        refused(
            client().method(HttpMethod.valueOf(method)).uri(java.net.URI.create(base() + path)));
    assertThat(refusal.status()).as(refusal.toString()).isIn(status, 400);
  }

  @Test
  void aBadFileIsListedWithItsReasonAndTheServiceLives() {
    refused(post("/internal/v1/models/truncated/load?wait=true", ""));
    List<ModelInfo> models =
        client()
            .get()
            .uri("/internal/v1/models")
            .retrieve()
            .bodyToFlux(ModelInfo.class)
            .collectList()
            .blockOptional(PATIENCE)
            .orElseThrow();
    ModelInfo bad =
        models.stream().filter(m -> m.id().equals("truncated")).findFirst().orElseThrow();
    assertThat(bad.state()).isEqualTo("failed");
    assertThat(bad.error()).isNotBlank();
    assertThat(models).anyMatch(m -> m.id().equals("tiny") && m.state().equals("ready"));
  }
}
