package dev.ponder.engine.model;

import static dev.ponder.engine.model.ModelRuns.assertSameBits;
import static dev.ponder.engine.model.ModelRuns.load;
import static dev.ponder.engine.model.ModelRuns.logits;
import static dev.ponder.engine.model.ModelRuns.options;
import static dev.ponder.engine.model.ModelRuns.tokens;
import static dev.ponder.engine.model.ModelRuns.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.ModelRuns.Loaded;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Few rows over long contexts: who computes which piece of attention does not show. */
class PiecesTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);

  /** Two whole pieces of attention and a bit. */
  private static final int LONG = 2 * 256 + 21;

  /** Ends within the first step of a chunk behind one whole piece. */
  private static final int SHORT = 256 - 3;

  private static final int STEPS = 12;

  @TempDir private Path folder;

  static List<Arguments> shapes() {
    List<Arguments> all = new ArrayList<>();
    for (KvType type : KvType.values()) {
      all.add(Arguments.of(type, 192, 3, 3)); // heads of two blocks of activations
      all.add(Arguments.of(type, 192, 4, 1)); // of one and a half, together of six
      all.add(Arguments.of(type, 96, 6, 2)); // of a half, three of which share a key head
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void cutAsWhole(KvType type, int width, int heads, int kvHeads) throws IOException {
    Path path = write(folder, llama().width(width).heads(heads, kvHeads));
    float[][] first;
    float[][] second;
    try (Loaded whole = load(path, options(KernelTier.SCALAR, 1, type))) {
      int vocabulary = whole.model().shape().vocabulary();
      first = tail(logits(whole.model(), ids(vocabulary, LONG, 1), 64), LONG);
      second = tail(logits(whole.model(), ids(vocabulary, SHORT, 2), 64), SHORT);
    }
    List<KernelTier> tiers = new ArrayList<>(ModelRuns.fastTiers());
    tiers.add(KernelTier.SCALAR);
    for (KernelTier tier : tiers) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Loaded loaded = load(path, options(tier, threads, type))) {
          String what = "%s, %d threads, seed %d".formatted(tier, threads, SEED);
          for (int chunk : new int[] {1, 5}) {
            List<float[][]> alone = decode(loaded.model(), chunk, threads, LONG);
            assertSameBits(what + ", chunks of " + chunk, first, alone.getFirst());
            List<float[][]> both = decode(loaded.model(), chunk, threads, LONG, SHORT);
            assertSameBits(what + ", first of two, chunks of " + chunk, first, both.getFirst());
            assertSameBits(what + ", second of two, chunks of " + chunk, second, both.getLast());
          }
        }
      }
    }
  }

  /** Decodes sequences behind prompts of such lengths, some rows of each a step. */
  private static List<float[][]> decode(
      LanguageModel model, int chunk, int threads, int... lengths) {
    int vocabulary = model.shape().vocabulary();
    boolean cut = PieceList.few(lengths.length, model.shape().kvHeads(), threads);
    List<float[][]> all = new ArrayList<>();
    try (KvPool pool = model.newKvPool(40)) {
      List<KvSequence> sequences = new ArrayList<>();
      for (int length : lengths) {
        KvSequence sequence = new KvSequence(pool);
        int[] prompt = Arrays.copyOf(ids(vocabulary, length, length == LONG ? 1 : 2), length);
        logits(model, sequence, prompt, 64);
        assertThat(sequence.ensure(length + STEPS)).isTrue();
        sequences.add(sequence);
        all.add(new float[STEPS][]);
      }
      Batch batch = model.newBatch(chunk * lengths.length, chunk * lengths.length);
      for (int from = 0; from < STEPS; from += chunk) {
        int rows = Math.min(chunk, STEPS - from);
        batch.clear();
        for (int i = 0; i < lengths.length; i++) {
          int[] ids = ids(vocabulary, lengths[i], lengths[i] == LONG ? 1 : 2);
          for (int r = 0; r < rows; r++) {
            batch.add(sequences.get(i), ids[lengths[i] + from + r], true);
          }
        }
        model.forward(batch);
        assertThat(batch.workspace.pieces.cut()).as("cut").isEqualTo(cut);
        for (int i = 0; i < lengths.length; i++) {
          for (int r = 0; r < rows; r++) {
            all.get(i)[from + r] = batch.logits(i * rows + r).clone();
          }
        }
      }
      sequences.forEach(KvSequence::close);
    }
    return all;
  }

  /** More states than there is room for: the attention is not cut, and nothing else changes. */
  @Test
  void tooManyPiecesAreNotCut() throws IOException {
    Path path = write(folder, llama().layers(1).width(1024).heads(64, 1));
    int fits = PieceList.MOST_STATES / (64 * 3);
    try (Loaded loaded = load(path, options(KernelTier.VECTOR, 2));
        KvPool pool = loaded.model().newKvPool(20);
        KvSequence sequence = new KvSequence(pool)) {
      LanguageModel model = loaded.model();
      int[] ids = tokens(LONG + fits + 1, model.shape().vocabulary(), SEED);
      logits(model, sequence, Arrays.copyOf(ids, LONG), 64);
      Batch batch = model.newBatch(fits + 1, fits + 1);
      float[][][] all = new float[2][fits][];
      for (int more = 0; more < 2; more++) {
        sequence.truncate(LONG);
        assertThat(sequence.ensure(ids.length)).isTrue();
        batch.clear();
        for (int i = 0; i < fits + more; i++) {
          batch.add(sequence, ids[LONG + i], true);
        }
        model.forward(batch);
        assertThat(batch.workspace.pieces.cut()).isEqualTo(more == 0);
        for (int i = 0; i < fits; i++) {
          all[more][i] = batch.logits(i).clone();
        }
      }
      assertSameBits("one row more, seed " + SEED, all[0], all[1]);
    }
  }

  @Test
  void fewThingsToClaimAreCut() {
    assertThat(PieceList.few(1, 3, 2)).isTrue();
    assertThat(PieceList.few(2, 3, 2)).isFalse(); // three a member
    assertThat(PieceList.few(1, 4, 2)).isFalse(); // even
    assertThat(PieceList.few(2, 1, 2)).isTrue(); // contexts differ
    assertThat(PieceList.few(1, 8, 16)).isTrue();
    assertThat(PieceList.few(1, 3, 1)).isFalse();
    assertThat(PieceList.few(2, 1, 1)).isFalse();
  }

  private static RandomLlama llama() {
    return new RandomLlama().seed(SEED).contextLength(600);
  }

  private static int[] ids(int vocabulary, int length, int stream) {
    return tokens(length + STEPS, vocabulary, SEED + stream);
  }

  private static float[][] tail(float[][] logits, int from) {
    return Arrays.copyOfRange(logits, from, logits.length);
  }
}
