package dev.ponder.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The KV of a long prompt is taken from Redis after everything was stopped and started again. */
@Tag("real-model")
class PrefixOutlivesRestartTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path data;

  @Test
  void fetchesWhatAnotherProcessComputedAndAnswersWithTheSameBits() throws Exception {
    JsonNode computed;
    try (RunningPlatform ponder = new RunningPlatform(data, true)) {
      // Blocks and records are written behind the answer: the stop has to wait for them.
      computed = ask(ponder, "archive");
    }
    JsonNode fetched;
    JsonNode other;
    List<String> runs;
    try (RunningPlatform ponder = new RunningPlatform(data, true)) {
      runs = ponder.query("select status from strategy.runs where strategy = 'direct'");
      fetched = ask(ponder, "archive");
      other = ask(ponder, "museum");
    }

    assertThat(runs).as("the run log before the second start's first request").hasSize(1);
    assertThat(cached(computed)).isZero();
    assertThat(cached(fetched)).isGreaterThan(300);
    assertThat(fetched.at("/choices/0/logprobs")).isEqualTo(computed.at("/choices/0/logprobs"));
    // The control: a prompt that differs from its first words on finds nothing in Redis.
    assertThat(cached(other)).isLessThan(64);
  }

  private static int cached(JsonNode answer) {
    return answer.at("/usage/prompt_tokens_details/cached_tokens").asInt();
  }

  private static JsonNode ask(RunningPlatform ponder, String subject) throws Exception {
    String facts =
        IntStream.range(0, 25)
            .mapToObj(
                i -> "In the " + subject + ", shelf " + i + " holds " + i * 31 % 97 + " books. ")
            .collect(Collectors.joining());
    String body =
        """
        {"model":"%s","temperature":0,"max_tokens":8,"logprobs":true,
         "messages":[{"role":"user","content":"%s How many books are on shelf 3?"}]}
        """
            .formatted(RunningPlatform.MODEL, facts);
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(URI.create(ponder.url() + "/v1/chat/completions"))
                  .header("Authorization", "Bearer " + ponder.key())
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return JSON.readTree(response.body());
    }
  }
}
