package dev.ponder.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.sample.SamplerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineTest {
  private static final Namespace TENANT = new Namespace("tenant");
  private static final EngineOptions OPTIONS =
      EngineOptions.defaults().withThreads(2).withKvBytes(1 << 22);

  @TempDir Path folder;

  @Test
  void saysWhatItLoaded() throws IOException {
    List<Double> progress = new ArrayList<>();
    try (Engine engine = Engine.load(model(), OPTIONS, progress::add)) {
      EngineInfo info = engine.info();
      assertThat(info.name()).isEqualTo("random-llama");
      assertThat(info.architecture()).isEqualTo("llama");
      assertThat(info.quantization()).isEqualTo("Q8_0");
      assertThat(info.digest()).matches("[0-9a-f]{64}");
      assertThat(info.contextLength()).isEqualTo(256);
      assertThat(info.vocabulary()).isEqualTo(engine.tokenizer().vocabularySize());
      assertThat(info.activationBits()).isEqualTo(16);
      assertThat(info.kvType()).isEqualTo("f16");
      assertThat(info.kernels()).contains("2 threads");
      assertThat(info.pageTokens()).isEqualTo(32);
      // layers x (keys and values) x kv heads x head size x half floats x tokens
      assertThat(info.pageBytes()).isEqualTo(2L * 2 * 2 * 16 * 2 * 32);
      assertThat(info.ropeBase()).isEqualTo(10_000);
      assertThat(engine.stats().kvPagesTotal()).isEqualTo((1 << 22) / (int) info.pageBytes());
      assertThat(engine.metadata().has("tokenizer.chat_template")).isTrue();
      assertThat(progress).last().isEqualTo(1.0);
    }
  }

  @Test
  void generatesScoresAndCounts() throws Exception {
    try (Engine engine = Engine.load(model(), OPTIONS, share -> {})) {
      int[] prompt = engine.tokenizer().encode("hello world", false);
      GenerationSpec spec =
          GenerationSpec.of(TENANT, prompt)
              .maxTokens(12)
              .ignoreEos(true)
              .topLogprobs(0)
              .sampler(SamplerSettings.greedy())
              .build();
      List<TokenEvent> events = Generations.run(engine, spec);
      int[] ids = events.stream().mapToInt(TokenEvent::id).toArray();
      assertThat(engine.tokenizer().decode(ids)).startsWith(Generations.text(events));
      ScoreResult result = engine.score(prompt, List.of(ids), TENANT).get();
      assertThat(result.scores().getFirst().tokenLogprobs())
          .isEqualTo(events.stream().map(TokenEvent::logprob).toList());
      assertThat(engine.stats().generatedTokens()).isEqualTo(12);
      assertThat(engine.work().rows()).isEqualTo(2L * (prompt.length + 11));
    }
  }

  @Test
  void precisionAndStorageArePartOfTheResultThreadsAreNot() throws Exception {
    GenerationSpec spec =
        GenerationSpec.of(TENANT, 5, 6, 7, 8, 9)
            .maxTokens(20)
            .ignoreEos(true)
            .topLogprobs(3)
            .build();
    List<List<TokenEvent>> runs = new ArrayList<>();
    for (EngineOptions options :
        List.of(
            OPTIONS,
            OPTIONS.withThreads(1),
            OPTIONS.withActivations(ActivationPrecision.BITS8),
            OPTIONS.withKvType(KvType.INT8))) {
      try (Engine engine = Engine.load(model(), options, share -> {})) {
        assertThat(engine.info().kvType()).isEqualTo(options.kvType().label());
        runs.add(Generations.run(engine, spec));
      }
    }
    assertThat(runs.get(1)).isEqualTo(runs.get(0));
    assertThat(runs.get(2)).isNotEqualTo(runs.get(0));
    assertThat(runs.get(3)).isNotEqualTo(runs.get(0));
  }

  @Test
  void closesOnceAndRefusesThen() throws Exception {
    Engine engine = Engine.load(model(), OPTIONS, share -> {});
    engine.close();
    engine.close();
    GenerationSpec spec = GenerationSpec.of(TENANT, 5).maxTokens(1).build();
    assertThatThrownBy(() -> Generations.run(engine, spec)).isInstanceOf(EngineException.class);
    assertThatThrownBy(() -> engine.score(new int[] {1}, List.of(new int[] {1}), TENANT))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLOSED));
    assertThat(engine.stats().running()).isZero();
  }

  @Test
  void refusesWhatItCannotLoad() throws IOException {
    Path garbage = Files.writeString(folder.resolve("garbage.gguf"), "not a model");
    assertThatThrownBy(() -> Engine.load(garbage, OPTIONS, share -> {}))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_FILE_INVALID));
    assertThatThrownBy(() -> Engine.load(folder.resolve("none.gguf"), OPTIONS, share -> {}))
        .isInstanceOf(IOException.class);
    Path model = model();
    assertThatThrownBy(() -> Engine.load(model, OPTIONS.withKvBytes(100), share -> {}))
        .hasMessageStartingWith("kvBytes: 100 (expected: at least ");
  }

  @Test
  void optionsAndRequestsOutOfRangeAreRefusedByName() {
    assertRefused(() -> OPTIONS.withThreads(0), "threads: 0 (expected: between 1 and 256)");
    assertRefused(() -> OPTIONS.withMaxSequences(0), "maxSequences: 0");
    assertRefused(() -> OPTIONS.withQueue(0, 1), "maxQueued: 0");
    assertRefused(() -> OPTIONS.withQueue(1, 0), "maxQueuedTokens: 0");
    assertRefused(() -> OPTIONS.withPrefillChunk(5000), "prefillChunk: 5000");
    assertRefused(() -> OPTIONS.withPrefixStore(null, Duration.ofHours(1)), "fetchTimeout: PT1H");
    GenerationSpec.Builder spec = GenerationSpec.of(TENANT, 1);
    assertRefused(() -> GenerationSpec.of(TENANT), "prompt: empty");
    assertRefused(() -> spec.n(0), "n: 0 (expected: between 1 and 128)");
    assertRefused(() -> spec.n(100_000), "n: 100000");
    assertRefused(() -> spec.maxTokens(0), "max_tokens: 0");
    assertRefused(() -> spec.maxTokens(-5), "max_tokens: -5");
    assertRefused(() -> spec.topLogprobs(21), "top_logprobs: 21");
    assertRefused(() -> spec.stops(List.of("")), "length of a stop string: 0");
    assertRefused(() -> spec.stops(List.of("x".repeat(1025))), "length of a stop string: 1025");
    assertRefused(() -> spec.stops(List.of("a\udc00")), "stop: a");
    assertRefused(() -> spec.group(""), "length of group: 0");
    assertRefused(() -> new Namespace(""), "namespace:");
  }

  private static void assertRefused(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_ARGUMENT))
        .hasMessageStartingWith(message);
  }

  private Path model() throws IOException {
    return new RandomLlama().writeTo(folder.resolve("model.gguf"));
  }
}
