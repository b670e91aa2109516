package dev.ponder.common.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The wire form of every message, literally: services of different releases talk to each other. */
class WireJsonTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static void golden(Object value, Class<?> type, String json) {
    assertThat(JSON.writeValueAsString(value)).isEqualTo(json);
    assertThat(JSON.<Object>readValue(json, JSON.constructType(type))).isEqualTo(value);
  }

  @Test
  void generateEvents() {
    golden(
        new GenerateEvent.Started("m", 12, 8),
        GenerateEvent.class,
        "{\"type\":\"started\",\"model\":\"m\",\"promptTokens\":12,\"cachedTokens\":8}");
    golden(
        new GenerateEvent.Token(1, 42, " \u00e9\ud83d\ude00", null, null),
        GenerateEvent.class,
        "{\"type\":\"token\",\"index\":1,\"id\":42,\"text\":\" \u00e9\ud83d\ude00\"}");
    golden(
        new GenerateEvent.Token(
            0,
            42,
            "a",
            -0.5,
            List.of(new GenerateEvent.TokenLogprob(42, "a", List.of(97, 255), -0.5))),
        GenerateEvent.class,
        "{\"type\":\"token\",\"index\":0,\"id\":42,\"text\":\"a\",\"logprob\":-0.5,"
            + "\"top\":[{\"id\":42,\"text\":\"a\",\"bytes\":[97,255],\"logprob\":-0.5}]}");
    golden(
        new GenerateEvent.Finished(0, "stop", ""),
        GenerateEvent.class,
        "{\"type\":\"finished\",\"index\":0,\"reason\":\"stop\",\"text\":\"\"}");
    golden(
        new GenerateEvent.Completed(new Usage(1, 2, 3), new Timings(0.5, 1, 2, 3, 4)),
        GenerateEvent.class,
        "{\"type\":\"completed\",\"usage\":{\"promptTokens\":1,\"completionTokens\":2,"
            + "\"cachedTokens\":3},\"timings\":{\"queueMillis\":0.5,\"cacheMillis\":1.0,"
            + "\"cacheBytes\":2,\"prefillMillis\":3.0,\"decodeMillis\":4.0}}");
    golden(
        new GenerateEvent.Failed(
            OpenAiError.of(new PonderException(ErrorCode.INTERNAL, "oops")).error()),
        GenerateEvent.class,
        "{\"type\":\"error\",\"error\":{\"message\":\"oops\",\"type\":\"server_error\","
            + "\"param\":null,\"code\":\"internal_error\"}}");
  }

  @Test
  void theTypeIdIsThereWhicheverTypeTheWriterIsTold() {
    GenerateEvent event = new GenerateEvent.Finished(0, "stop", "");
    String json = JSON.writeValueAsString(event);
    assertThat(JSON.writerFor(GenerateEvent.class).writeValueAsString(event)).isEqualTo(json);
    assertThat(JSON.writerFor(GenerateEvent.Finished.class).writeValueAsString(event))
        .isEqualTo(json);
    // A bare List.of(event) has no static element type and would lose the id: always say the type.
    assertThat(
            JSON.writerFor(new TypeReference<List<GenerateEvent>>() {})
                .writeValueAsString(List.of(event)))
        .isEqualTo("[" + json + "]");
  }

  @Test
  void generateRequest() {
    golden(
        GenerateRequest.chat(
            "m",
            List.of(new ChatMessage("user", "hi")),
            2,
            16,
            List.of("\n"),
            new Sampling(0.0, null, null, null, null, null, null, Map.of(7, -100.0), 5L)),
        GenerateRequest.class,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
            + "\"continueFinalMessage\":false,\"n\":2,\"maxTokens\":16,\"stop\":[\"\\n\"],"
            + "\"sampling\":{\"temperature\":0.0,\"logitBias\":{\"7\":-100.0},\"seed\":5},"
            + "\"ignoreEos\":false}");
  }

  @Test
  void scoreAndTokenize() {
    golden(
        new ScoreRequest("m", null, "p", List.of(" yes")),
        ScoreRequest.class,
        "{\"model\":\"m\",\"messages\":null,\"prompt\":\"p\",\"continuations\":[\" yes\"]}");
    golden(
        new ScoreResponse(
            "m",
            List.of(new ScoreResponse.Score(-1.5, List.of(3), List.of(-1.5))),
            new Usage(4, 1, 0)),
        ScoreResponse.class,
        "{\"model\":\"m\",\"scores\":[{\"logprob\":-1.5,\"tokens\":[3],\"tokenLogprobs\":[-1.5]}],"
            + "\"usage\":{\"promptTokens\":4,\"completionTokens\":1,\"cachedTokens\":0}}");
    golden(
        new TokenizeResponse("m", List.of(1, 2), List.of("a", "b")),
        TokenizeResponse.class,
        "{\"model\":\"m\",\"tokens\":[1,2],\"pieces\":[\"a\",\"b\"]}");
    golden(
        new TokenizeRequest("m", "a", null),
        TokenizeRequest.class,
        "{\"model\":\"m\",\"text\":\"a\",\"messages\":null}");
  }

  @Test
  void modelInfo() {
    golden(
        new ModelInfo(
            "m", "loading", 0.25, null, null, null, null, null, null, null, null, null, 7),
        ModelInfo.class,
        "{\"id\":\"m\",\"state\":\"loading\",\"progress\":0.25,\"created\":7}");
  }

  @Test
  void runs() {
    Instant at = Instant.parse("2026-11-23T10:15:30.123456Z");
    golden(
        new RunEvent("run_1", 3, "told", "n2", at, Map.of("text", "hi")),
        RunEvent.class,
        "{\"runId\":\"run_1\",\"seq\":3,\"type\":\"told\",\"node\":\"n2\","
            + "\"at\":\"2026-11-23T10:15:30.123456Z\",\"payload\":{\"text\":\"hi\"}}");
    golden(
        new RunRequest(
            "run_1",
            "best_of_n",
            Map.of("n", 4),
            null,
            null,
            List.of(new ChatMessage("user", "hi")),
            null,
            null,
            null),
        RunRequest.class,
        "{\"runId\":\"run_1\",\"strategy\":\"best_of_n\",\"params\":{\"n\":4},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    golden(
        new RunView(
            "run_1", "run", "running", "refine", "m", at, null, 1, Usage.ZERO, null, null, null),
        RunView.class,
        "{\"id\":\"run_1\",\"object\":\"run\",\"status\":\"running\",\"strategy\":\"refine\","
            + "\"model\":\"m\",\"createdAt\":\"2026-11-23T10:15:30.123456Z\",\"calls\":1,"
            + "\"usage\":{\"promptTokens\":0,\"completionTokens\":0,\"cachedTokens\":0}}");
    golden(
        new DirectRun("run_1", "m", "finished", "stop", Usage.ZERO, at, at),
        DirectRun.class,
        "{\"runId\":\"run_1\",\"model\":\"m\",\"status\":\"finished\",\"finishReason\":\"stop\","
            + "\"usage\":{\"promptTokens\":0,\"completionTokens\":0,\"cachedTokens\":0},"
            + "\"startedAt\":\"2026-11-23T10:15:30.123456Z\","
            + "\"finishedAt\":\"2026-11-23T10:15:30.123456Z\"}");
    golden(
        new StrategyInfo("refine", "d", Map.of("rounds", 2)),
        StrategyInfo.class,
        "{\"name\":\"refine\",\"description\":\"d\",\"params\":{\"rounds\":2}}");
  }

  @Test
  void anUnknownFieldOfANewerReleaseIsIgnored() {
    assertThat(
            JSON.readValue(
                "{\"type\":\"finished\",\"index\":0,\"reason\":\"stop\",\"text\":\"\",\"x\":1}",
                GenerateEvent.class))
        .isEqualTo(new GenerateEvent.Finished(0, "stop", ""));
  }

  @Test
  void deepNestingLongNumbersAndUnknownTypesAreJsonErrorsNotCrashes() {
    for (String bad :
        List.of(
            "[".repeat(5000),
            "{\"a\":".repeat(5000) + "1" + "}".repeat(5000),
            "{\"model\":\"m\",\"n\":" + "9".repeat(5000) + "}",
            "{\"model\":\"m\",\"n\":1e400}",
            "{\"model\":\"m\",\"n\":1e999999999}",
            "{\"model\":\"m\",\"n\":2.5}",
            "{\"model\":\"m\",\"n\":null}",
            "{\"model\":\"m\",\"n\":\"x\"}",
            "{\"model\":[],\"n\":1}",
            "{\"model\":\"m\"",
            "")) {
      assertThatThrownBy(() -> JSON.readValue(bad, GenerateRequest.class))
          .as(bad.substring(0, Math.min(60, bad.length())))
          .isInstanceOf(JacksonException.class);
    }
    assertThatThrownBy(() -> JSON.readValue("{\"type\":\"what\"}", GenerateEvent.class))
        .isInstanceOf(JacksonException.class);
  }
}
