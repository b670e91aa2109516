package dev.ponder.engine.model;

import static dev.ponder.engine.model.ModelRuns.load;
import static dev.ponder.engine.model.ModelRuns.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.gguf.GgufWriter;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.ModelRuns.Loaded;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LlamaLoadingTest {
  @TempDir private Path folder;

  @Test
  void tellsWhatItLoaded() throws IOException {
    List<Double> progress = new ArrayList<>();
    List<String> log = new ArrayList<>();
    Path path = new RandomLlama().type(TensorType.Q4_0).writeTo(folder.resolve("m.gguf"));
    ModelOptions options =
        options(KernelTier.VECTOR, 2).withProgress(progress::add).withLog(log::add);
    try (Loaded loaded = load(path, options)) {
      LanguageModel model = loaded.model();
      assertThat(model.quantization()).isEqualTo("Q4_0");
      assertThat(model.tier()).isEqualTo(KernelTier.VECTOR);
      assertThat(model.activations()).isEqualTo(ActivationPrecision.BITS16);
      assertThat(model.kernelDescription()).matches("vector \\d+ bits, 2 threads");
      assertThat(model.shape().headSize()).isEqualTo(16);
      assertThat(model.shape().ropeScale()).isEqualTo(1);
    }
    assertThat(progress).isSorted().last().isEqualTo(1.0);
    assertThat(log).hasSize(1);
  }

  @Test
  void largeModelsUseCoarserActivations() {
    assertThat(ActivationPrecision.defaultFor(999_999_999)).isEqualTo(ActivationPrecision.BITS16);
    assertThat(ActivationPrecision.defaultFor(1_000_000_000)).isEqualTo(ActivationPrecision.BITS8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "general.architecture|gpt2|UNSUPPORTED|general.architecture: gpt2",
        "llama.rope.scaling.type|yarn|UNSUPPORTED|llama.rope.scaling.type: yarn",
        "llama.expert_count|8|UNSUPPORTED|no mixture of experts",
        "llama.attention.key_length|24|UNSUPPORTED|head size",
        "llama.attention.value_length|32|UNSUPPORTED|head size",
        "llama.attention.head_count|0|MODEL_FILE_INVALID|head_count: 0",
        "llama.attention.head_count|-1|MODEL_FILE_INVALID|head_count",
        "llama.attention.head_count_kv|3|MODEL_FILE_INVALID|a multiple of the 3 kv heads",
        "llama.block_count|3|MODEL_FILE_INVALID|blk.2.attn_norm.weight: missing",
        "llama.block_count|100000000|MODEL_FILE_INVALID|block_count: 100000000",
        "llama.embedding_length|128|MODEL_FILE_INVALID|row length",
        "llama.feed_forward_length|128|MODEL_FILE_INVALID|blk.0.ffn_gate.weight shape",
        "llama.context_length|0|MODEL_FILE_INVALID|context_length: 0",
        "llama.rope.dimension_count|15|MODEL_FILE_INVALID|rope.dimension_count: 15",
        "llama.rope.dimension_count|18|MODEL_FILE_INVALID|rope.dimension_count: 18",
      })
  void refusesWhatItCannotRun(String key, String value, Kind kind, String message)
      throws IOException {
    Object typed = value.matches("-?\\d+") ? (Object) Integer.valueOf(value) : value;
    Path path = new RandomLlama().writer().put(key, typed).writeTo(folder.resolve("m.gguf"));
    assertThatThrownBy(() -> load(path, options(KernelTier.SCALAR, 1)).close())
        .hasMessageContaining(message)
        .isInstanceOfSatisfying(EngineException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @Test
  void refusesMissingKeys() throws IOException {
    for (String key :
        List.of("block_count", "embedding_length", "attention.layer_norm_rms_epsilon")) {
      Path path =
          new RandomLlama().writer().remove("llama." + key).writeTo(folder.resolve("m.gguf"));
      assertThatThrownBy(() -> load(path, options(KernelTier.SCALAR, 1)).close())
          .isInstanceOf(EngineException.class)
          .hasMessageContaining(key);
    }
  }

  /** A scale that is not a number would turn every answer into NaN: the file is damaged. */
  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F32", "F16", "BF16"})
  void refusesScalesThatAreNoNumbers(TensorType type) throws IOException {
    int scaleAt = type == TensorType.Q6_K ? 208 : 0;
    GgufWriter writer =
        new RandomLlama().type(type).width(256).feedForward(256).tied(false).writer();
    byte[] data = new byte[256 * 256 / type.blockSize() * type.blockBytes()];
    data[data.length - type.blockBytes() + scaleAt + 1] = 0x7C;
    writer.remove("llama.block_count").put("llama.block_count", 3);
    addThirdLayer(writer, type, data);
    Path path = writer.writeTo(folder.resolve("m.gguf"));
    assertThatThrownBy(() -> load(path, options(KernelTier.SCALAR, 1)).close())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("blk.2.attn_q.weight scale")
        .hasMessageContaining("Infinity");
  }

  private static void addThirdLayer(GgufWriter writer, TensorType type, byte[] query) {
    byte[] norm = new byte[4 * 256];
    writer.tensor("blk.2.attn_norm.weight", TensorType.F32, norm, 256);
    writer.tensor("blk.2.attn_q.weight", type, query, 256, 256);
  }

  @Test
  void linearRopeScalingAndBiasesChangeTheResult() throws IOException {
    float[] plain = lastLogits(new RandomLlama().writer());
    float[] scaled =
        lastLogits(
            new RandomLlama()
                .writer()
                .put("llama.rope.scaling.type", "linear")
                .put("llama.rope.scaling.factor", 4f));
    byte[] bias = new byte[4 * 64];
    java.util.Arrays.fill(bias, (byte) 0x3D);
    float[] biased =
        lastLogits(
            new RandomLlama().writer().tensor("blk.0.attn_q.bias", TensorType.F32, bias, 64));
    assertThat(scaled).isNotEqualTo(plain);
    assertThat(biased).isNotEqualTo(plain);
  }

  private float[] lastLogits(GgufWriter writer) throws IOException {
    Path path = writer.writeTo(folder.resolve("m.gguf"));
    try (Loaded loaded = load(path, options(KernelTier.VECTOR, 1))) {
      float[][] logits =
          ModelRuns.logits(
              loaded.model(), ModelRuns.tokens(9, loaded.model().shape().vocabulary(), 3), 9);
      assertThat(logits[8]).doesNotContain(Float.NaN);
      return logits[8];
    }
  }

  @Test
  void badRowsAreRefusedAndGoodOnesStillRun() throws IOException {
    Path path = new RandomLlama().contextLength(40).writeTo(folder.resolve("m.gguf"));
    try (Loaded loaded = load(path, options(KernelTier.SCALAR, 2));
        KvPool pool = loaded.model().newKvPool(4);
        KvPool foreign = new KvPool(1, 1, 1, 16, KvType.F16);
        KvPool bytes = new KvPool(1, 2, 2, 16, KvType.INT8);
        KvSequence sequence = new KvSequence(pool);
        KvSequence stranger = new KvSequence(foreign);
        KvSequence coarse = new KvSequence(bytes)) {
      LanguageModel model = loaded.model();
      Batch batch = model.newBatch(41, 1);
      assertThatThrownBy(() -> batch.add(sequence, 0, true)).hasMessageContaining("ensure");
      stranger.ensure(1);
      assertThatThrownBy(() -> batch.add(stranger, 0, true)).hasMessageContaining("KV pool");
      coarse.ensure(1);
      assertThatThrownBy(() -> batch.add(coarse, 0, true)).hasMessageContaining("KV pool");
      sequence.ensure(64);
      assertThatThrownBy(() -> batch.add(sequence, -1, true)).hasMessageContaining("token: -1");
      assertThatThrownBy(() -> batch.add(sequence, model.shape().vocabulary(), true))
          .isInstanceOf(EngineException.class);
      for (int i = 0; i < 40; i++) {
        batch.add(sequence, 1, i == 0);
      }
      assertThatThrownBy(() -> batch.add(sequence, 1, true)).hasMessageContaining("with logits");
      assertThatThrownBy(() -> batch.add(sequence, 1, false))
          .isInstanceOfSatisfying(
              EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONTEXT_TOO_LONG));
      model.forward(batch);
      assertThat(sequence.length()).isEqualTo(40);
      assertThatThrownBy(() -> batch.logits(1)).isInstanceOf(IndexOutOfBoundsException.class);
      try (KvSequence fork = sequence.fork()) {
        fork.truncate(20);
        assertThatThrownBy(() -> batch.add(fork, 1, false)).hasMessageContaining("ensure");
      }
      model.close();
      model.close();
      assertThatThrownBy(() -> model.forward(batch))
          .isInstanceOfSatisfying(
              EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLOSED));
    }
  }
}
