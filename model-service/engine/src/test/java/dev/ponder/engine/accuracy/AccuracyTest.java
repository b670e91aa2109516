package dev.ponder.engine.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.RealModel;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The engine on the default model against exact float64 logits, over 512 tokens of eight kinds of
 * text and 20 greedy continuations.
 */
@Tag("real-model")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccuracyTest {
  private static final double KL_16_BIT = 2e-6;
  private static final double KL_8_BIT = 6e-3;
  private static final double KL_INT8_KV = 6e-4;
  private static final double EQUAL_TOP_16_BIT = 0.995;

  /** Two logits this close are a tie for the purpose of the greedy choice. */
  private static final double TIE = 0.02;

  private GgufFile file;
  private GoldenLogits golden;
  private GoldenContinuation.File greedy;
  private LanguageModel model16;

  @BeforeAll
  void open() throws IOException {
    file = GgufFile.open(RealModel.file());
    golden = GoldenLogits.read(resource("logits.bin.gz"));
    greedy = GoldenContinuation.read(resource("greedy.tsv"));
    model16 = AccuracyDump.load(file, ActivationPrecision.BITS16);
  }

  @AfterAll
  void close() {
    model16.close();
    file.close();
  }

  @Test
  void goldenFilesBelongToThisModel() {
    assertThat(golden.modelDigest()).isEqualTo(file.sha256());
    assertThat(greedy.modelDigest()).isEqualTo(file.sha256());
    assertThat(golden.tokens()).hasSize(512);
    assertThat(greedy.continuations()).hasSize(20);
  }

  @Test
  void tokenizesTheGoldenTextsAsTheyAreStored() throws Exception {
    Tokenizer tokenizer = Tokenizer.of(file.metadata());
    Map<String, String> texts = GoldenTexts.read(path("texts.txt"));
    int[] tokens = golden.tokens();
    for (GoldenLogits.Text text : golden.texts()) {
      List<Integer> ids =
          AccuracyDump.encode(tokenizer, Objects.requireNonNull(texts.get(text.name())));
      for (int i = 0; i < text.tokens(); i++) {
        assertThat(ids.get(i))
            .as("%s, token %d", text.name(), i)
            .isEqualTo(tokens[text.start() + i]);
      }
    }
    Map<String, String> prompts = GoldenTexts.read(path("prompts.txt"));
    for (GoldenContinuation row : greedy.continuations()) {
      assertThat(AccuracyDump.encode(tokenizer, Objects.requireNonNull(prompts.get(row.name()))))
          .as(row.name())
          .isEqualTo(row.prompt());
    }
  }

  @Test
  void sixteenBitActivationsAreExactForPracticalPurposes() {
    Divergence divergence = Divergence.measure(golden, model16);
    assertThat(divergence.meanKl()).as("%s", divergence).isBetween(0.0, KL_16_BIT);
    assertThat(divergence.equalTop()).as("%s", divergence).isGreaterThanOrEqualTo(EQUAL_TOP_16_BIT);
  }

  @Test
  void eightBitActivationsStayWithinTheirBoundAndOutsideTheSixteenBitOne() {
    try (LanguageModel model8 = AccuracyDump.load(file, ActivationPrecision.BITS8)) {
      Divergence divergence = Divergence.measure(golden, model8);
      // The lower end is a negative control: the 16-bit test would notice lost precision.
      assertThat(divergence.meanKl()).as("%s", divergence).isBetween(KL_16_BIT, KL_8_BIT);
    }
  }

  /** The lower end is a negative control of the 16-bit bound: it would notice coarser storage. */
  @Test
  void keysAndValuesInBytesStayWithinTheirBound() {
    try (LanguageModel model = AccuracyDump.load(file, ActivationPrecision.BITS16, KvType.INT8)) {
      Divergence divergence = Divergence.measure(golden, model);
      assertThat(divergence.meanKl()).as("%s", divergence).isBetween(KL_16_BIT, KL_INT8_KV);
      assertThat(divergence.equalTop()).as("%s", divergence).isGreaterThan(0.97);
    }
  }

  /** Negative control: one layer's keys with the scales of the head's other block. */
  @Test
  void scalesOfTheWrongBlockBreakTheBoundOfBytes() {
    try (LanguageModel model = AccuracyDump.load(file, ActivationPrecision.BITS16, KvType.INT8)) {
      int size = model.shape().headSize();
      assertThat(size).isEqualTo(64);
      Divergence divergence =
          Divergence.measure(
              golden,
              model,
              sequence -> {
                KvPool pool = sequence.pool();
                for (int i = 2; i > 0; i--) {
                  int page = sequence.page(sequence.pageCount() - i);
                  for (int head = 0; head < model.shape().kvHeads(); head++) {
                    long scales = pool.keys(page, 7, head) + 32L * size;
                    exchange(pool.memory(), scales, scales + 64, 64);
                  }
                }
              });
      assertThat(divergence.meanKl()).as("%s", divergence).isGreaterThan(2 * KL_INT8_KV);
    }
  }

  private static void exchange(MemorySegment memory, long a, long b, long bytes) {
    MemorySegment first = memory.asSlice(a, bytes);
    MemorySegment second = memory.asSlice(b, bytes);
    byte[] kept = first.toArray(ValueLayout.JAVA_BYTE);
    first.copyFrom(second);
    second.copyFrom(MemorySegment.ofArray(kept));
  }

  @Test
  void greedyContinuationsAreTheStoredOnesAndTheReferencesBestOrATie() {
    List<GoldenContinuation> rows = greedy.continuations();
    List<List<Integer>> continuations = continuations(model16);
    for (int i = 0; i < rows.size(); i++) {
      GoldenContinuation row = rows.get(i);
      assertThat(continuations.get(i)).as(row.name()).isEqualTo(row.continuation());
      for (int step = 0; step < AccuracyDump.STEPS; step++) {
        if (!row.continuation().get(step).equals(row.referenceBest().get(step))) {
          assertThat(row.margin(step)).as("%s, step %d", row.name(), step).isBetween(0.0, TIE);
        }
      }
    }
  }

  /** Negative control: a slip of 2% in one norm of 30 layers is seen. */
  @Test
  void aNormTwoPercentOffBreaksTheSixteenBitBounds(@TempDir Path folder) throws IOException {
    try (GgufFile wrong = withScaledNorm(folder, 1.02f);
        LanguageModel model = AccuracyDump.load(wrong, ActivationPrecision.BITS16)) {
      Divergence divergence = Divergence.measure(golden, model);
      assertThat(divergence.meanKl()).as("%s", divergence).isGreaterThan(10 * KL_16_BIT);
      assertThat(divergence.equalTop()).as("%s", divergence).isLessThan(EQUAL_TOP_16_BIT);
    }
  }

  /** Negative control of the other two bounds. */
  @Test
  void aNormAQuarterOffBreaksTheEightBitBoundAndTheContinuations(@TempDir Path folder)
      throws IOException {
    try (GgufFile wrong = withScaledNorm(folder, 1.25f);
        LanguageModel model = AccuracyDump.load(wrong, ActivationPrecision.BITS16)) {
      Divergence divergence = Divergence.measure(golden, model);
      assertThat(divergence.meanKl()).as("%s", divergence).isGreaterThan(KL_8_BIT);
      assertThat(continuations(model))
          .isNotEqualTo(
              greedy.continuations().stream().map(GoldenContinuation::continuation).toList());
    }
  }

  private List<List<Integer>> continuations(LanguageModel model) {
    return ModelRun.continueGreedily(
        model,
        greedy.continuations().stream().map(GoldenContinuation::prompt).toList(),
        AccuracyDump.STEPS);
  }

  /** A copy of the model with one attention norm multiplied by {@code factor}. */
  private GgufFile withScaledNorm(Path folder, float factor) throws IOException {
    Path copy = Files.copy(RealModel.file(), folder.resolve("wrong.gguf"));
    scale(copy, file.tensor("blk.7.attn_norm.weight").data(), factor);
    return GgufFile.open(copy);
  }

  /** Multiplies the floats at the one place of the file that holds {@code tensor}'s bytes. */
  private static void scale(Path copy, MemorySegment tensor, float factor) throws IOException {
    try (FileChannel channel =
            FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = channel.map(MapMode.READ_WRITE, 0, channel.size(), arena);
      long size = tensor.byteSize();
      for (long at = 0; at + size <= bytes.byteSize(); at += Float.BYTES) {
        if (bytes.asSlice(at, size).mismatch(tensor) == -1) {
          for (long i = at; i < at + size; i += Float.BYTES) {
            float value = bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i, factor * value);
          }
          return;
        }
      }
    }
    throw new AssertionError("the tensor's bytes are not in the file");
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(AccuracyTest.class.getResourceAsStream("/golden/" + name), name);
  }

  private static Path path(String name) throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(AccuracyTest.class.getResource("/golden/" + name), name).toURI());
  }
}
