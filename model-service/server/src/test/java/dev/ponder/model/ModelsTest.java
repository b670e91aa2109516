package dev.ponder.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.common.wire.Sampling;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.ScoreResponse;
import dev.ponder.common.wire.TokenizeRequest;
import dev.ponder.common.wire.TokenizeResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.client.WebClient;

class ModelsTest extends ServiceTest {

  @Test
  void loadsServesAndUnloads() {
    ModelInfo info = info(post("/internal/v1/models/other/load?wait=true", ""));
    assertThat(info.state()).isEqualTo("ready");
    assertThat(info.architecture()).isEqualTo("llama");
    assertThat(info.digest()).hasSize(64);
    assertThat(info.kernels()).isNotBlank();
    assertThat(info.created()).isPositive();
    assertThat(info(client().get().uri("/internal/v1/models/other"))).isEqualTo(info);
    assertThat(info(post("/internal/v1/models/other/unload?wait=true", "")).state())
        .isEqualTo("available");
  }

  @Test
  void aRequestLoadsAModelThatIsOnlyAvailable() {
    registry.unload("other").join();
    GenerateRequest request =
        new GenerateRequest(
            "other",
            null,
            "hello",
            null,
            false,
            1,
            3,
            null,
            Sampling.greedy(),
            null,
            true,
            null,
            null);
    assertThat(answer(request).tokens(0)).hasSize(3);
    assertThat(registry.isReady("other")).isTrue();
    registry.unload("other").join();
  }

  @Test
  void unloadingEndsWhatDoesNotEndByItself() {
    registry.load("other").join();
    GenerateRequest endless =
        new GenerateRequest(
            "other",
            null,
            "hello",
            null,
            false,
            1,
            null,
            null,
            Sampling.greedy(),
            null,
            true,
            null,
            null);
    CompletableFuture<@Nullable GenerateEvent> last = generate(endless).last().toFuture();
    await("other", s -> s.running() == 1);
    registry.unload("other").join();
    assertThat(last)
        .succeedsWithin(PATIENCE)
        .isInstanceOfSatisfying(
            GenerateEvent.Failed.class,
            failed -> assertThat(failed.error().code()).isEqualTo("model_not_loaded"));
    assertThat(registry.isReady("other")).isFalse();
  }

  @Test
  void scoresContinuations() {
    ScoreRequest request =
        new ScoreRequest(
            "tiny", null, "the answer is", List.of(" hello", " world", " hello world"));
    ScoreResponse response =
        post("/internal/v1/score", request)
            .retrieve()
            .bodyToMono(ScoreResponse.class)
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(response.scores()).hasSize(3);
    for (ScoreResponse.Score score : response.scores()) {
      assertThat(score.tokens()).hasSameSizeAs(score.tokenLogprobs());
      double sum = score.tokenLogprobs().stream().mapToDouble(Double::doubleValue).sum();
      assertThat(score.logprob()).isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-6));
      assertThat(score.logprob()).isNegative();
    }
    assertThat(response.scores().get(2).tokenLogprobs().getFirst())
        .as("a shared beginning has the same bits")
        .isEqualTo(response.scores().get(0).tokenLogprobs().getFirst());
  }

  @Test
  void tokenizes() {
    TokenizeResponse response =
        post("/internal/v1/tokenize", new TokenizeRequest("tiny", "hello world", null))
            .retrieve()
            .bodyToMono(TokenizeResponse.class)
            .blockOptional(PATIENCE)
            .orElseThrow();
    assertThat(String.join("", response.pieces())).isEqualTo("hello world");
    assertThat(response.tokens()).hasSameSizeAs(response.pieces());
  }

  @Test
  void saysThatItIsReadyAndWhatItMeasures() {
    answer(chat("hello", 5, Sampling.greedy()));
    assertThat(text("/actuator/health/readiness")).contains("\"UP\"");
    assertThat(text("/actuator/info")).contains("kernels");
    assertThat(text("/actuator/prometheus"))
        .contains("ponder_requests_total{")
        .contains("ponder_ttft_seconds_bucket{")
        .contains("ponder_inter_token_seconds_bucket{")
        .contains("ponder_kv_pages{")
        .contains("vllm:num_requests_running{model_name=\"tiny\"}")
        .contains("vllm:num_requests_waiting{")
        .contains("vllm:kv_cache_usage_perc{")
        .contains("vllm:prompt_tokens_total{")
        .contains("vllm:generation_tokens_total{")
        .contains("vllm:time_to_first_token_seconds_bucket{")
        .contains("vllm:inter_token_latency_seconds_bucket{")
        .contains("vllm:e2e_request_latency_seconds_bucket{")
        .contains("vllm:request_success_total{");
  }

  @Test
  void isNotReadyWithoutAModelItIsToServe() {
    registry.unload("tiny").join();
    int without = readiness();
    registry.load("tiny").join();
    assertThat(without).isEqualTo(503);
    assertThat(readiness()).isEqualTo(200);
  }

  private int readiness() {
    return client()
        .get()
        .uri("/actuator/health/readiness")
        .exchangeToMono(r -> r.releaseBody().thenReturn(r.statusCode().value()))
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  private String text(String path) {
    return client()
        .get()
        .uri(path)
        .retrieve()
        .bodyToMono(String.class)
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  private ModelInfo info(WebClient.RequestHeadersSpec<?> request) {
    return request.retrieve().bodyToMono(ModelInfo.class).blockOptional(PATIENCE).orElseThrow();
  }
}
