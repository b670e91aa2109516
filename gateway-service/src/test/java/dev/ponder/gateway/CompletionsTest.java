package dev.ponder.gateway;

import static dev.ponder.gateway.TestGateway.MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateEvent.TokenLogprob;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.gateway.TestGateway.Answer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CompletionsTest {
  private static final String PATH = "/v1/completions";
  private static final String GENERATE = "/internal/v1/generate";

  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
  }

  private static String body(String prompt, String more) {
    return "{\"model\":\"%s\",\"prompt\":%s%s}".formatted(MODEL, prompt, more);
  }

  /** Makes each prompt's answer its own text, backwards. */
  private void answersByPrompt() {
    gateway.model.on(
        "POST",
        GENERATE,
        call -> {
          GenerateRequest request = TestGateway.JSON.readValue(call.body(), GenerateRequest.class);
          String prompt =
              request.prompt() == null
                  ? Objects.requireNonNull(request.promptTokens()).toString()
                  : request.prompt();
          List<GenerateEvent> events = new java.util.ArrayList<>();
          events.add(new GenerateEvent.Started(MODEL, 2, 1));
          for (int i = 0; i < request.n(); i++) {
            events.add(new GenerateEvent.Token(i, 1, prompt + "/" + i, null, null));
            events.add(new GenerateEvent.Finished(i, "stop", ""));
          }
          events.add(TestGateway.completed(2, request.n(), 1));
          return TestGateway.lines(events);
        });
  }

  @Test
  void answersInOpenAisShape() {
    Answer answer = gateway.post(PATH, body("\"once\"", ""));
    JsonNode json = answer.json();
    assertThat(json.propertyNames())
        .containsExactly("id", "object", "created", "model", "choices", "usage");
    assertThat(json.get("id").asString()).startsWith("cmpl-");
    assertThat(json.get("object").asString()).isEqualTo("text_completion");
    assertThat(json.get("choices").toString())
        .isEqualTo(
            "[{\"index\":0,\"text\":\"Hello world\",\"logprobs\":null,\"finish_reason\":\"stop\"}]");
  }

  @Test
  void answersEachPromptWithEachSampleInOrder() {
    answersByPrompt();
    for (String prompts : List.of("[\"a\",\"b\",\"c\",\"d\",\"e\"]", "[[1,2],[3],[4],[5],[6]]")) {
      Answer answer = gateway.post(PATH, body(prompts, ",\"n\":2"));
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      JsonNode choices = answer.json().get("choices");
      assertThat(choices.size()).isEqualTo(10);
      String first = prompts.contains("a") ? "a" : "[1, 2]";
      String last = prompts.contains("a") ? "e" : "[6]";
      assertThat(choices.get(0).get("text").asString()).isEqualTo(first + "/0");
      assertThat(choices.get(1).get("text").asString()).isEqualTo(first + "/1");
      assertThat(choices.get(9).get("index").asInt()).isEqualTo(9);
      assertThat(choices.get(9).get("text").asString()).isEqualTo(last + "/1");
      assertThat(answer.json().at("/usage/prompt_tokens").asInt()).isEqualTo(10);
      assertThat(answer.json().at("/usage/completion_tokens").asInt()).isEqualTo(10);
      assertThat(gateway.ledgerOf(answer).getFirst()).containsEntry("completion_tokens", 10L);
    }
    Answer tokens = gateway.post(PATH, body("[1,2,3]", ""));
    assertThat(tokens.json().at("/choices/0/text").asString()).isEqualTo("[1, 2, 3]/0");
  }

  @Test
  void streamsSeveralPromptsWithOneUsageAtTheEnd() {
    answersByPrompt();
    Answer answer =
        gateway.post(
            PATH,
            body(
                "[\"a\",\"b\"]",
                ",\"n\":2,\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    List<JsonNode> chunks = answer.chunks();
    assertThat(chunks.getLast().at("/usage/completion_tokens").asInt()).isEqualTo(4);
    assertThat(chunks.stream().filter(chunk -> chunk.get("choices").isEmpty())).hasSize(1);
    assertThat(
            chunks.stream()
                .filter(chunk -> chunk.at("/choices/0/text").asString("").equals("b/1"))
                .map(chunk -> chunk.at("/choices/0/index").asInt()))
        .containsExactly(3);
    assertThat(answer.data().getLast()).isEqualTo("[DONE]");
  }

  @Test
  void givesLogprobsAsParallelArrays() {
    gateway.generates(
        List.of(
            new GenerateEvent.Started(MODEL, 1, 0),
            new GenerateEvent.Token(
                0,
                1,
                "one",
                -0.5,
                List.of(new TokenLogprob(2, "uno", List.of(), -0.4)),
                List.of(111, 110, 101)),
            new GenerateEvent.Token(0, 2, " two", -0.25, List.of(), null),
            new GenerateEvent.Finished(0, "stop", ""),
            TestGateway.completed(1, 2, 0)));
    JsonNode logprobs =
        gateway.post(PATH, body("\"x\"", ",\"logprobs\":1")).json().at("/choices/0/logprobs");
    assertThat(logprobs.toString())
        .isEqualTo(
            """
            {"tokens":["one"," two"],"token_logprobs":[-0.5,-0.25],\
            "top_logprobs":[{"uno":-0.4},{}],"text_offset":[0,3]}\
            """);

    Answer streamed = gateway.post(PATH, body("\"x\"", ",\"logprobs\":1,\"stream\":true"));
    assertThat(
            streamed.chunks().stream()
                .map(chunk -> chunk.at("/choices/0/logprobs/text_offset/0"))
                .filter(JsonNode::isNumber)
                .map(JsonNode::asInt))
        .containsExactly(0, 3);
  }
}
