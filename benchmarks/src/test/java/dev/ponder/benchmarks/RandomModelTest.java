package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.gguf.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RandomModelTest {
  private static final RandomModel.Shape SMALL = new RandomModel.Shape(2, 256, 512, 4, 2);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void writesAModelOfTheShapeAndTypeAskedFor(TensorType type) throws IOException {
    Path out = folder.resolve("random.gguf");
    try (GgufFile vocabulary = GgufFile.open(new RandomLlama().writeTo(folder.resolve("v.gguf")))) {
      RandomModel.write(out, vocabulary.metadata(), SMALL, type);
      byte[] first = Files.readAllBytes(out);
      RandomModel.write(out, vocabulary.metadata(), SMALL, type);
      assertThat(Files.readAllBytes(out)).isEqualTo(first);
      try (GgufFile file = GgufFile.open(out)) {
        assertThat(file.tensor("blk.1.ffn_down.weight").type()).isEqualTo(type);
        assertThat(file.tensor("blk.1.ffn_down.weight").cols()).isEqualTo(512);
        assertThat(file.tensor("blk.1.attn_k.weight").rows()).isEqualTo(128);
        assertThat(file.tensors()).hasSize(2 + 2 * 9);
        assertThat(file.metadata().strings("tokenizer.ggml.tokens"))
            .isEqualTo(vocabulary.metadata().strings("tokenizer.ggml.tokens"));
      }
    }
    assertThat(folder.resolve("random.gguf.part")).doesNotExist();
  }

  @Test
  void refusesATypeWhoseBlocksDoNotFit() throws IOException {
    try (GgufFile vocabulary = GgufFile.open(new RandomLlama().writeTo(folder.resolve("v.gguf")))) {
      assertThatThrownBy(() ->
              RandomModel.write(
                  folder.resolve("x.gguf"),
                  vocabulary.metadata(),
                  RandomModel.Shape.named("135m"),
                  TensorType.Q4_K))
          .hasMessage("type: Q4_K (expected: one whose blocks of 256 divide rows of 576)");
    }
  }

  @Test
  void refusesAnUnknownShape() {
    assertThatThrownBy(() -> RandomModel.Shape.named("7b"))
        .hasMessage("random-shape: 7b (expected: 135m or 1b)");
  }
}
