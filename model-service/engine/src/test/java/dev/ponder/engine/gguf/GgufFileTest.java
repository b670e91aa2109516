package dev.ponder.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufFileTest {
  @TempDir Path folder;

  @Test
  void readsBackEveryKindOfValue() throws IOException {
    Path path =
        new GgufWriter()
            .put("general.architecture", "llama")
            .put("u32", -1)
            .put("u64", Long.MAX_VALUE)
            .put("f32", 0.5f)
            .put("f64", Math.PI)
            .put("yes", true)
            .put("text", "naïve 😀")
            .put("ints", new int[] {1, -2, 3})
            .put("none", new int[0])
            .put("floats", new float[] {1.5f, -0.25f})
            .put("words", List.of("a", "", "ü"))
            .writeTo(folder.resolve("values.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.architecture()).isEqualTo("llama");
      assertThat(metadata.integer("u32")).isEqualTo(0xFFFFFFFFL);
      assertThat(metadata.integer("u64")).isEqualTo(Long.MAX_VALUE);
      assertThat(metadata.number("f32")).isEqualTo(0.5);
      assertThat(metadata.number("f64")).isEqualTo(Math.PI);
      assertThat(metadata.number("u64")).isEqualTo((double) Long.MAX_VALUE);
      assertThat(metadata.bool("yes", false)).isTrue();
      assertThat(metadata.bool("absent", true)).isTrue();
      assertThat(metadata.string("text")).isEqualTo("naïve 😀");
      assertThat(metadata.ints("ints")).containsExactly(1, -2, 3);
      assertThat(metadata.ints("none")).isEmpty();
      assertThat(metadata.floats("floats")).containsExactly(1.5f, -0.25f);
      assertThat(metadata.strings("words")).containsExactly("a", "", "ü");
      assertThat(metadata.keys()).startsWith("general.architecture", "u32").hasSize(11);
      assertThat(file.tensors()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void mapsTensorsOfEveryType(TensorType type) throws IOException {
    Path path =
        new RandomLlama().width(256).feedForward(512).type(type).writeTo(folder.resolve("m.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      GgufTensor down = file.tensor("blk.1.ffn_down.weight");
      assertThat(down.type()).isEqualTo(type);
      assertThat(down.dims()).containsExactly(512, 256);
      assertThat(down.cols()).isEqualTo(512);
      assertThat(down.rows()).isEqualTo(256);
      assertThat(down.elements()).isEqualTo(512 * 256);
      assertThat(down.byteSize())
          .isEqualTo(down.data().byteSize())
          .isEqualTo(512L * 256 / type.blockSize() * type.blockBytes());
      assertThat(down.data().isReadOnly()).isTrue();
      assertThat(file.has("output.weight")).isFalse();
      assertThat(file.tensors()).hasSize(2 + 2 * 9);
    }
  }

  @Test
  void tensorBytesAreTheWrittenOnes() throws IOException {
    byte[] data = {1, 2, 3, 4, 5, 6, 7, 8};
    Path path =
        new GgufWriter()
            .tensor("first", TensorType.F32, new byte[4], 1)
            .tensor("second", TensorType.F16, data, 2, 2)
            .writeTo(folder.resolve("bytes.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(file.tensor("second").data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
    }
  }

  @Test
  void digestIsThatOfTheWholeFile() throws Exception {
    Path path = new RandomLlama().width(512).heads(8, 8).writeTo(folder.resolve("digest.gguf"));
    byte[] expected = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(file.fileSize()).isEqualTo(Files.size(path)).isGreaterThan(1 << 20);
      assertThat(file.sha256()).isEqualTo(HexFormat.of().formatHex(expected));
      assertThat(file.sha256()).isEqualTo(HexFormat.of().formatHex(expected));
    }
  }

  @Test
  void sameSeedGivesSameModel() {
    assertThat(new RandomLlama().seed(1).writer().toBytes())
        .isEqualTo(new RandomLlama().seed(1).writer().toBytes())
        .isNotEqualTo(new RandomLlama().seed(2).writer().toBytes());
  }

  @Test
  void refusesUseAfterClose() throws IOException {
    GgufFile file = GgufFile.open(new RandomLlama().writeTo(folder.resolve("m.gguf")));
    GgufTensor tensor = file.tensor("token_embd.weight");
    file.close();
    file.close();
    assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void saysWhatIsMissingOrOfTheWrongType() throws IOException {
    try (GgufFile file = GgufFile.open(new RandomLlama().writeTo(folder.resolve("m.gguf")))) {
      assertThatThrownBy(() -> file.tensor("nope"))
          .isInstanceOf(EngineException.class)
          .hasMessage("nope: missing (expected: a tensor of this name)");
      assertThatThrownBy(() -> file.metadata().integer("nope"))
          .hasMessage("nope: missing (expected: an integer)");
      assertThatThrownBy(() -> file.metadata().integer("general.name"))
          .hasMessage("general.name: random-llama (expected: an integer)");
      assertThatThrownBy(() -> file.metadata().strings("tokenizer.ggml.token_type"))
          .hasMessageContaining("(expected: an array of strings)");
    }
    assertThatThrownBy(() -> GgufFile.open(folder.resolve("absent")))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> GgufFile.open(folder)).isInstanceOf(IOException.class);
  }
}
