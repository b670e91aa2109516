package dev.ponder.gateway;

import static dev.ponder.gateway.TestGateway.MODEL;
import static dev.ponder.gateway.TestGateway.chat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.gateway.TestGateway.Answer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ChatTest {
  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
  }

  @Test
  void answersWholeInOpenAisShape() {
    Answer answer = gateway.post("/v1/chat/completions", chat(""));

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    JsonNode json = answer.json();
    assertThat(json.propertyNames())
        .containsExactly("id", "object", "created", "model", "choices", "usage");
    assertThat(json.get("id").asString()).matches("chatcmpl-[0-9a-f]{32}");
    assertThat(json.get("object").asString()).isEqualTo("chat.completion");
    assertThat(json.get("created").asLong()).isGreaterThan(1_700_000_000);
    assertThat(json.get("model").asString()).isEqualTo(MODEL);
    assertThat(json.get("choices").toString())
        .isEqualTo(
            """
            [{"index":0,"message":{"role":"assistant","content":"Hello world","refusal":null},\
            "logprobs":null,"finish_reason":"stop"}]\
            """);
    assertThat(json.get("usage").toString())
        .isEqualTo(
            """
            {"prompt_tokens":12,"completion_tokens":2,"total_tokens":14,\
            "prompt_tokens_details":{"cached_tokens":8}}\
            """);
    assertThat(answer.header("x-ponder-run-id")).matches("run_[0-9a-f-]{36}");
  }

  @Test
  void streamsInOpenAisShape() {
    Answer answer = gateway.post("/v1/chat/completions", chat(",\"stream\":true"));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).startsWith("text/event-stream");
    assertThat(answer.header("x-accel-buffering")).isEqualTo("no");
    assertThat(answer.data().getLast()).isEqualTo("[DONE]");
    List<JsonNode> chunks = answer.chunks();
    assertThat(chunks)
        .allSatisfy(chunk -> {
          assertThat(chunk.propertyNames())
              .containsExactly("id", "object", "created", "model", "choices");
          assertThat(chunk.get("id")).isEqualTo(chunks.getFirst().get("id"));
          assertThat(chunk.get("created")).isEqualTo(chunks.getFirst().get("created"));
          assertThat(chunk.get("object").asString()).isEqualTo("chat.completion.chunk");
        });
    assertThat(chunks.stream().map(chunk -> chunk.get("choices").toString()))
        .containsExactly(
            "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]",
            "[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"logprobs\":null,\"finish_reason\":null}]",
            "[{\"index\":0,\"delta\":{\"content\":\" world\"},\"logprobs\":null,\"finish_reason\":null}]",
            "[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]");
  }

  @Test
  void streamsUsageLastWhenAskedFor() {
    Answer answer =
        gateway.post(
            "/v1/chat/completions",
            chat(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

    List<JsonNode> chunks = answer.chunks();
    assertThat(chunks.subList(0, chunks.size() - 1))
        .allSatisfy(chunk -> assertThat(chunk.get("usage").isNull()).isTrue());
    assertThat(chunks.getLast().get("choices").isEmpty()).isTrue();
    assertThat(chunks.getLast().get("usage").get("total_tokens").asInt()).isEqualTo(14);
    assertThat(answer.data().getLast()).isEqualTo("[DONE]");
  }

  @Test
  void passesEverySettingToTheModel() {
    gateway.post(
        "/v1/chat/completions",
        """
        {"model":"%s","messages":[
          {"role":"developer","content":"be brief"},
          {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
         "n":2,"max_tokens":5,"max_completion_tokens":7,"stop":["x","y"],"temperature":0.5,
         "top_p":0.9,"top_k":40,"min_p":0.1,"repetition_penalty":1.1,"frequency_penalty":-1,
         "presence_penalty":1,"logit_bias":{"5":-100},"seed":-9007199254740991,
         "logprobs":true,"top_logprobs":3,"user":"u","metadata":{"ignored":true}}\
        """
            .formatted(MODEL));

    String body = gateway.model.calls("/internal/v1/generate").getLast().body();
    GenerateRequest sent = TestGateway.JSON.readValue(body, GenerateRequest.class);
    assertThat(sent.messages())
        .extracting(message -> message.role() + ":" + message.content())
        .containsExactly("system:be brief", "user:ab");
    assertThat(sent.n()).isEqualTo(2);
    assertThat(sent.maxTokens()).as("the newer name wins").isEqualTo(7);
    assertThat(sent.stop()).containsExactly("x", "y");
    assertThat(sent.topLogprobs()).isEqualTo(3);
    assertThat(sent.sampling())
        .isEqualTo(
            new dev.ponder.common.wire.Sampling(
                0.5, 40, 0.9, 0.1, 1.1, -1.0, 1.0, Map.of(5, -100.0), -9007199254740991L));
  }

  @Test
  void givesLogprobsWithBytesOfHalfACharacter() {
    gateway.generates(
        List.of(
            new GenerateEvent.Started(MODEL, 3, 0),
            new GenerateEvent.Token(
                0,
                7,
                "",
                -0.5,
                List.of(
                    new GenerateEvent.TokenLogprob(9, "a", List.of(97), -0.4),
                    new GenerateEvent.TokenLogprob(7, "\uFFFD", List.of(0xC3), -0.5)),
                List.of(0xC3)),
            new GenerateEvent.Token(0, 8, "é", -0.25, List.of(), List.of(0xA9)),
            new GenerateEvent.Finished(0, "length", ""),
            TestGateway.completed(3, 2, 0)));

    String more = ",\"logprobs\":true,\"top_logprobs\":1";
    JsonNode choice = gateway.post("/v1/chat/completions", chat(more)).json().get("choices").get(0);

    assertThat(choice.get("finish_reason").asString()).isEqualTo("length");
    assertThat(choice.get("logprobs").toString())
        .isEqualTo(
            """
            {"content":[\
            {"token":"\uFFFD","logprob":-0.5,"bytes":[195],\
            "top_logprobs":[{"token":"a","logprob":-0.4,"bytes":[97]}]},\
            {"token":"\uFFFD","logprob":-0.25,"bytes":[169],"top_logprobs":[]}],"refusal":null}\
            """);

    Answer streamed = gateway.post("/v1/chat/completions", chat(more + ",\"stream\":true"));
    assertThat(
            streamed.chunks().stream()
                .map(chunk -> chunk.get("choices").get(0).get("logprobs"))
                .filter(JsonNode::isObject))
        .hasSize(2);
  }

  @Test
  void keepsTextHeldBackForStopStrings() {
    gateway.generates(
        List.of(
            new GenerateEvent.Started(MODEL, 3, 0),
            new GenerateEvent.Token(0, 7, "one", null, null),
            new GenerateEvent.Finished(0, "length", " rest"),
            TestGateway.completed(3, 2, 0)));

    assertThat(content(gateway.post("/v1/chat/completions", chat("")))).isEqualTo("one rest");
    Answer streamed = gateway.post("/v1/chat/completions", chat(",\"stream\":true"));
    assertThat(deltas(streamed)).isEqualTo("one rest");
  }

  @Test
  void interleavesSamples() {
    Answer whole = gateway.post("/v1/chat/completions", chat(",\"n\":3"));
    assertThat(whole.json().get("choices").size()).isEqualTo(3);

    Answer streamed = gateway.post("/v1/chat/completions", chat(",\"n\":3,\"stream\":true"));
    for (int i = 0; i < 3; i++) {
      int index = i;
      List<JsonNode> own =
          streamed.chunks().stream()
              .map(chunk -> chunk.get("choices").get(0))
              .filter(choice -> choice.get("index").asInt() == index)
              .toList();
      assertThat(own.stream().filter(choice -> choice.get("delta").has("role"))).hasSize(1);
      assertThat(own.getLast().get("finish_reason").asString()).isEqualTo("stop");
    }
  }

  @Test
  void recordsEachRequestInLedgerAndRunLog() {
    Answer answer = gateway.post("/v1/chat/completions", chat(""));

    Map<String, Object> row = gateway.ledgerOf(answer).getFirst();
    assertThat(row)
        .containsEntry("status", "finished")
        .containsEntry("tenant", "a")
        .containsEntry("model", MODEL)
        .containsEntry("prompt_tokens", 12L)
        .containsEntry("completion_tokens", 2L)
        .containsEntry("cached_tokens", 8L)
        .containsEntry("run_id", answer.header("x-ponder-run-id"));
    assertThat(row.get("key_id")).isNotNull();
    gateway.strategy.untilCalled("/internal/v1/runs/direct", 1).block();
    assertThat(gateway.strategy.calls("/internal/v1/runs/direct"))
        .anySatisfy(
            call -> assertThat(call.body()).contains(answer.header("x-ponder-run-id"), "finished"));
  }

  @Test
  void anUpstreamRefusalKeepsItsStatusAndIsRecorded() {
    gateway.model.on(
        "POST",
        "/internal/v1/generate",
        Reply.json(
                429,
                """
                {"error":{"message":"the queue is full","type":"rate_limit_error","param":null,\
                "code":"queue_full"}}\
                """)
            .with("Retry-After", "17"));

    for (String stream : List.of("", ",\"stream\":true")) {
      Answer answer = gateway.post("/v1/chat/completions", chat(stream));
      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.header("retry-after")).isEqualTo("17");
      assertThat(answer.header("content-type")).startsWith("application/json");
      assertThat(answer.json().get("error").get("code").asString()).isEqualTo("queue_full");
      assertThat(gateway.ledgerOf(answer).getFirst())
          .containsEntry("status", "failed")
          .containsEntry("error_code", "queue_full");
    }
  }

  @Test
  void aBrokenStreamIsNeverAGoodAnswer() {
    gateway.generates(
        List.of(
            new GenerateEvent.Started(MODEL, 3, 0),
            new GenerateEvent.Token(0, 7, "half", null, null)));

    Answer whole = gateway.post("/v1/chat/completions", chat(""));
    assertThat(whole.status()).isEqualTo(502);
    Answer streamed = gateway.post("/v1/chat/completions", chat(",\"stream\":true"));
    assertThat(streamed.status()).isEqualTo(200);
    assertThat(streamed.data()).doesNotContain("[DONE]");
    assertThat(streamed.chunks().getLast().get("error").propertyNames())
        .containsExactlyInAnyOrder("message", "type", "param", "code");
  }

  static String content(Answer answer) {
    return answer.json().at("/choices/0/message/content").asString();
  }

  static String deltas(Answer answer) {
    StringBuilder text = new StringBuilder();
    answer
        .chunks()
        .forEach(chunk -> text.append(chunk.at("/choices/0/delta/content").asString("")));
    return text.toString();
  }
}
