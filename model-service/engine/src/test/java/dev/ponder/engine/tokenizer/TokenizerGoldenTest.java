package dev.ponder.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.RealModel;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.gguf.GgufWriter;
import dev.ponder.engine.tokenizer.GoldenCases.Case;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The default model's tokenizer against ids that llama.cpp gave for the same texts. */
@Tag("real-model")
class TokenizerGoldenTest {
  /** Characters whose bytes SmolLM2's vocabulary lacks: llama.cpp drops them, and so do we. */
  private static final String WITHOUT_TOKENS = "\u0004\u0006\u0013\u0014\u0016\u001d";

  @TempDir static Path folder;

  private static GgufFile file;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    file = GgufFile.open(RealModel.file());
    tokenizer = Tokenizer.of(file.metadata());
  }

  @AfterAll
  static void close() {
    file.close();
  }

  @Test
  void givesThePeersIdsForEveryText() {
    List<Case> cases = GoldenCases.read("smollm");
    assertThat(cases).hasSizeGreaterThan(1000);
    for (Case c : cases) {
      assertSameIds(tokenizer, c);
    }
  }

  @Test
  void decodesBackToEveryText() {
    int exact = 0;
    for (Case c : GoldenCases.read("smollm")) {
      if (c.parseSpecial || c.text.chars().anyMatch(x -> WITHOUT_TOKENS.indexOf(x) >= 0)) {
        continue;
      }
      assertThat(tokenizer.decode(tokenizer.encode(c.text, false))).isEqualTo(c.text);
      exact++;
    }
    assertThat(exact).isGreaterThan(900);
  }

  @Test
  void randomTextComesBackWholeAndInParts() {
    long seed = Long.getLong("test.seed", 20_251_123L);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 3_000; i++) {
      String text = RandomText.of(random, 40);
      int[] ids = tokenizer.encode(text, false);
      // Without what the vocabulary cannot express, the text comes back.
      String expressible = text.replaceAll("[" + WITHOUT_TOKENS + "]", "");
      assertThat(tokenizer.decode(ids)).as("seed %d", seed).isEqualTo(expressible);
      StreamingDecoder decoder = new StreamingDecoder(tokenizer);
      StringBuilder parts = new StringBuilder();
      for (int id : ids) {
        assertThat(tokenizer.isControl(id)).as("seed %d", seed).isFalse();
        parts.append(decoder.push(id));
      }
      assertThat(parts.append(decoder.flush()).toString()).isEqualTo(expressible);
    }
  }

  @ParameterizedTest
  @CsvSource({"gpt-2,gpt-2", "llama-bpe,llama-bpe", "qwen2,llama-bpe", "default,default"})
  void givesThePeersIdsWithOtherPreTokenizers(String pre, String golden) throws IOException {
    try (GgufFile other = withPreTokenizer(pre)) {
      Tokenizer changed = Tokenizer.of(other.metadata());
      List<Case> cases = GoldenCases.read(golden);
      assertThat(cases).hasSizeGreaterThan(600);
      int unlike = 0;
      for (Case c : cases) {
        assertSameIds(changed, c);
        unlike += Arrays.equals(tokenizer.encode(c.text, c.parseSpecial), c.ids) ? 0 : 1;
      }
      // The control: the texts tell the pre-tokenizers apart.
      assertThat(unlike).as("texts that the model's own pre-tokenizer cuts otherwise").isPositive();
    }
  }

  @Test
  void knowsTheModelsSpecialTokens() {
    assertThat(tokenizer.vocabularySize()).isEqualTo(49_152);
    assertThat(tokenizer.bos()).isEqualTo(1);
    assertThat(tokenizer.eos()).isEqualTo(2);
    assertThat(tokenizer.addBos()).isFalse();
    assertThat(tokenizer.piece(2)).isEqualTo("<|im_end|>");
    assertThat(tokenizer.longestTokenBytes()).isEqualTo(81);
    int[] ends = new int[3];
    int count = 0;
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      assertThat(tokenizer.isControl(id)).isEqualTo(id < 17);
      if (tokenizer.isEndOfGeneration(id)) {
        ends[count++] = id;
      }
    }
    assertThat(ends).as("llama.cpp's list for this file").containsExactly(0, 2, 4);
  }

  private static void assertSameIds(Tokenizer tokenizer, Case c) {
    assertThat(tokenizer.encode(c.text, c.parseSpecial))
        .as("parseSpecial=%s text=[%s]", c.parseSpecial, c.text)
        .isEqualTo(c.ids);
  }

  private static GgufFile withPreTokenizer(String pre) throws IOException {
    GgufMetadata metadata = file.metadata();
    return GgufFile.open(
        new GgufWriter()
            .put("tokenizer.ggml.model", "gpt2")
            .put("tokenizer.ggml.pre", pre)
            .put("tokenizer.ggml.tokens", metadata.strings("tokenizer.ggml.tokens"))
            .put("tokenizer.ggml.token_type", metadata.ints("tokenizer.ggml.token_type"))
            .put("tokenizer.ggml.merges", metadata.strings("tokenizer.ggml.merges"))
            .writeTo(folder.resolve(pre + ".gguf")));
  }
}
