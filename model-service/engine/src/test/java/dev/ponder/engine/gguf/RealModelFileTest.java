package dev.ponder.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.RealModel;
import java.io.IOException;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The default model file, as llama.cpp's loader lists it. */
@Tag("real-model")
class RealModelFileTest {
  @Test
  void readsTheDefaultModel() throws IOException {
    try (GgufFile file = GgufFile.open(RealModel.file())) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.keys()).hasSize(33);
      assertThat(metadata.architecture()).isEqualTo("llama");
      assertThat(metadata.integer("llama.block_count")).isEqualTo(30);
      assertThat(metadata.number("llama.rope.freq_base")).isEqualTo(100_000);
      assertThat(metadata.strings("general.languages")).containsExactly("en");
      assertThat(metadata.strings("tokenizer.ggml.merges")).hasSize(48_900).startsWith("Ġ t");
      assertThat(metadata.string("tokenizer.chat_template")).startsWith("{% for message in");
      Map<TensorType, Long> types =
          file.tensors().stream()
              .collect(Collectors.groupingBy(GgufTensor::type, Collectors.counting()));
      assertThat(types)
          .isEqualTo(Map.of(TensorType.F32, 61L, TensorType.Q4_1, 210L, TensorType.Q8_0, 1L));
      GgufTensor embedding = file.tensor("token_embd.weight");
      assertThat(embedding.cols()).isEqualTo(576);
      assertThat(embedding.rows()).isEqualTo(49_152);
      assertThat(file.has("output.weight")).as("tied embeddings").isFalse();
      assertThat(
              file.tensors().stream()
                  .collect(Collectors.toMap(GgufTensor::name, Function.identity())))
          .hasSize(272);
      assertThat(file.sha256())
          .isEqualTo("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    }
  }
}
