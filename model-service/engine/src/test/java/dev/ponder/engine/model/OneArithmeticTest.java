package dev.ponder.engine.model;

import static dev.ponder.engine.model.ModelRuns.assertSameBits;
import static dev.ponder.engine.model.ModelRuns.bits;
import static dev.ponder.engine.model.ModelRuns.fastTiers;
import static dev.ponder.engine.model.ModelRuns.load;
import static dev.ponder.engine.model.ModelRuns.logits;
import static dev.ponder.engine.model.ModelRuns.options;
import static dev.ponder.engine.model.ModelRuns.tokens;
import static dev.ponder.engine.model.ModelRuns.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.ModelRuns.Loaded;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models give the same bits whatever computes them and whatever runs beside them. */
class OneArithmeticTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);

  @TempDir private Path folder;

  private static RandomLlama llama(TensorType type, KvType kv) {
    RandomLlama llama = new RandomLlama().seed(SEED).type(type).contextLength(512);
    if (type.blockSize() == 256) {
      return llama.width(256).feedForward(256).heads(8, 2);
    }
    llama.feedForward(160).tied(false);
    // heads of 48 are one and a half blocks of bytes
    return kv == KvType.F16 ? llama.width(96).heads(6, 2) : llama.width(192).heads(4, 2);
  }

  /** Bytes in heads of whole blocks and of broken ones; what the weights are is nothing to them. */
  static Stream<Arguments> stored() {
    return Stream.concat(
        Arrays.stream(TensorType.values()).map(type -> Arguments.of(type, KvType.F16)),
        Stream.of(TensorType.Q4_1, TensorType.Q4_K).map(type -> Arguments.of(type, KvType.INT8)));
  }

  @ParameterizedTest
  @MethodSource("stored")
  void tiersThreadsAndChunksGiveTheSameBits(TensorType type, KvType kv) throws IOException {
    Path path = write(folder, llama(type, kv));
    for (ActivationPrecision precision : ActivationPrecision.values()) {
      int[] ids;
      float[][] expected;
      try (Loaded scalar =
          load(path, options(KernelTier.SCALAR, 1, kv).withActivations(precision))) {
        ids = tokens(70, scalar.model().shape().vocabulary(), SEED);
        expected = logits(scalar.model(), ids, 1);
        assertThat(bits(expected[69])).isNotEqualTo(bits(expected[68]));
        assertSameBits("scalar, whole", expected, logits(scalar.model(), ids, 70));
      }
      for (KernelTier tier : fastTiers()) {
        for (int threads = 1; threads <= 3; threads++) {
          try (Loaded fast = load(path, options(tier, threads, kv).withActivations(precision))) {
            for (int chunk : new int[] {1, 2, 9, 33, 70}) {
              String what =
                  "%s %s, %s, %s, %d threads, chunks of %d"
                      .formatted(type, kv, precision, tier, threads, chunk);
              assertSameBits(what, expected, logits(fast.model(), ids, chunk));
            }
          }
        }
      }
    }
  }

  /** Beyond one piece of attention, and in the shape with one query head a key head. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void longContextsGiveTheSameBits(KvType kv) throws IOException {
    RandomLlama llama =
        new RandomLlama().seed(SEED).layers(1).type(TensorType.Q4_1).contextLength(600).heads(4, 4);
    Path path = write(folder, llama);
    for (KernelTier tier : fastTiers()) {
      try (Loaded scalar = load(path, options(KernelTier.SCALAR, 2, kv));
          Loaded fast = load(path, options(tier, 2, kv))) {
        int[] ids = tokens(545, scalar.model().shape().vocabulary(), SEED);
        float[][] expected = logits(scalar.model(), ids, 545);
        assertSameBits(tier + ", chunks of 100", expected, logits(fast.model(), ids, 100));
        assertSameBits(tier + ", chunks of 1", expected, logits(fast.model(), ids, 1));
      }
    }
  }

  /** What is stored is part of the arithmetic: the other type is another result. */
  @Test
  void storedTypesDiffer() throws IOException {
    Path path = write(folder, llama(TensorType.Q4_1, KvType.INT8));
    try (Loaded halves = load(path, options(KernelTier.VECTOR, 1, KvType.F16));
        Loaded bytes = load(path, options(KernelTier.VECTOR, 1, KvType.INT8))) {
      int[] ids = tokens(40, halves.model().shape().vocabulary(), SEED);
      assertThat(bits(logits(bytes.model(), ids, 40)[39]))
          .isNotEqualTo(bits(logits(halves.model(), ids, 40)[39]));
    }
  }

  static Stream<Arguments> fast() {
    return fastTiers().stream()
        .flatMap(tier -> Arrays.stream(KvType.values()).map(kv -> Arguments.of(tier, kv)));
  }

  @ParameterizedTest
  @MethodSource("fast")
  void aRowDoesNotDependOnItsNeighbours(KernelTier tier, KvType kv) throws IOException {
    Path path = write(folder, llama(TensorType.Q4_1, kv));
    try (Loaded loaded = load(path, options(tier, 2, kv))) {
      LanguageModel model = loaded.model();
      int vocabulary = model.shape().vocabulary();
      int[] ids = tokens(50, vocabulary, SEED);
      float[][] alone = logits(model, ids, 1);
      Batch batch = model.newBatch(64, 16);
      try (KvPool pool = model.newKvPool(200)) {
        KvSequence mine = new KvSequence(pool);
        List<KvSequence> others = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
          others.add(new KvSequence(pool));
        }
        for (int step = 0; step < ids.length; step++) {
          batch.clear();
          int slot = -1;
          for (int i = 0; i < 15; i++) {
            if (i == step % 15) {
              assertThat(mine.ensure(step + 1)).isTrue();
              slot = batch.add(mine, ids[step], true);
            }
            KvSequence other = others.get(i);
            int rows = 1 + (i + step) % 4; // decoding rows and prompt chunks, mixed
            assertThat(other.ensure(other.length() + rows)).isTrue();
            for (int r = 0; r < rows; r++) {
              batch.add(other, (step * 31 + i * 7 + r) % vocabulary, i == 3 && r == 0);
            }
          }
          model.forward(batch);
          assertThat(bits(batch.logits(slot))).as("step %d", step).isEqualTo(bits(alone[step]));
        }
        mine.close();
        others.forEach(KvSequence::close);
        assertThat(pool.freePages()).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fast")
  void forkedAndTravelledPagesGiveTheSameBits(KernelTier tier, KvType kv) throws IOException {
    Path path = write(folder, llama(TensorType.Q8_0, kv));
    try (Loaded loaded = load(path, options(tier, 2, kv));
        Loaded other = load(path, options(KernelTier.SCALAR, 1, kv))) {
      LanguageModel model = loaded.model();
      int[] ids = tokens(90, model.shape().vocabulary(), SEED);
      float[][] expected = logits(model, ids, 90);
      int[] prompt = Arrays.copyOf(ids, 70);
      int[] rest = Arrays.copyOfRange(ids, 70, 90);
      float[][] tail = Arrays.copyOfRange(expected, 70, 90);
      try (KvPool pool = model.newKvPool(12);
          KvPool pool2 = other.model().newKvPool(4);
          KvSequence parent = new KvSequence(pool);
          Arena arena = Arena.ofConfined()) {
        logits(model, parent, prompt, 70);
        try (KvSequence first = parent.fork();
            KvSequence second = parent.fork()) {
          assertThat(first.page(1)).isEqualTo(second.page(1));
          // the siblings diverge without touching each other
          logits(model, second, tokens(20, model.shape().vocabulary(), 5), 20);
          assertSameBits("fork", tail, logits(model, first, rest, 3));
        }
        MemorySegment bytes = arena.allocate(pool.pageBytes());
        try (KvSequence moved = new KvSequence(pool2)) {
          for (int i = 0; i < 2; i++) {
            pool.export(parent.page(i), bytes);
            int page = pool2.allocate();
            pool2.load(page, bytes);
            moved.appendPage(page);
          }
          moved.setLength(64);
          int[] after = Arrays.copyOfRange(ids, 64, 90);
          float[][] expectedAfter = Arrays.copyOfRange(expected, 64, 90);
          assertSameBits("moved", expectedAfter, logits(other.model(), moved, after, 26));
          // the control: one bit of one stored value is another answer
          moved.truncate(64);
          long at = pool2.values(moved.page(0), 1, 1) + 6;
          byte old = pool2.memory().get(java.lang.foreign.ValueLayout.JAVA_BYTE, at + 1);
          pool2.memory().set(java.lang.foreign.ValueLayout.JAVA_BYTE, at + 1, (byte) (old ^ 16));
          float[][] wrong = logits(other.model(), moved, after, 26);
          assertThat(bits(wrong[0])).isNotEqualTo(bits(expectedAfter[0]));
        }
      }
    }
  }
}
