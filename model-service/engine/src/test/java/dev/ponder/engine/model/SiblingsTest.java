package dev.ponder.engine.model;

import static dev.ponder.engine.model.ModelRuns.load;
import static dev.ponder.engine.model.ModelRuns.logits;
import static dev.ponder.engine.model.ModelRuns.options;
import static dev.ponder.engine.model.ModelRuns.tokens;
import static dev.ponder.engine.model.ModelRuns.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.gguf.RandomLlama;
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
import org.junit.jupiter.params.provider.EnumSource;

/** Samples of one prompt attend to the prompt together, and get what each would get alone. */
class SiblingsTest {
  private static final int SIBLINGS = 10;

  /** One whole piece of attention and a bit; the siblings' own tokens begin within a page. */
  private static final int PROMPT = 256 + 45;

  private static final int STEPS = 40;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(KvType.class)
  void togetherAsAlone(KvType type) throws IOException {
    Path path = write(folder, new RandomLlama().contextLength(512));
    float[][][] alone = new float[SIBLINGS][][];
    try (Loaded scalar = load(path, options(KernelTier.SCALAR, 1, type))) {
      for (int i = 0; i < SIBLINGS; i++) {
        alone[i] = tail(logits(scalar.model(), whole(scalar.model(), i), 64));
      }
    }
    for (KernelTier tier : ModelRuns.fastTiers()) {
      try (Loaded loaded = load(path, options(tier, 2, type))) {
        float[][][] together = together(loaded.model());
        for (int i = 0; i < SIBLINGS; i++) {
          ModelRuns.assertSameBits(tier + ", sibling " + i, alone[i], together[i]);
        }
      }
    }
  }

  /** All siblings a step each, the second half of them one step late: lengths differ. */
  private static float[][][] together(LanguageModel model) {
    float[][][] all = new float[SIBLINGS][STEPS][];
    try (KvPool pool = model.newKvPool(100);
        KvSequence parent = new KvSequence(pool)) {
      logits(model, parent, tokens(PROMPT, model.shape().vocabulary(), 1), 64);
      List<KvSequence> siblings = new ArrayList<>();
      for (int i = 0; i < SIBLINGS; i++) {
        siblings.add(parent.fork());
        assertThat(siblings.get(i).ensure(PROMPT + STEPS)).isTrue();
      }
      Batch batch = model.newBatch(SIBLINGS, SIBLINGS);
      for (int step = 0; step <= STEPS; step++) {
        batch.clear();
        int[] slots = new int[SIBLINGS];
        for (int i = 0; i < SIBLINGS; i++) {
          int own = step - i * 2 / SIBLINGS;
          slots[i] =
              own < 0 || own >= STEPS
                  ? -1
                  : batch.add(siblings.get(i), whole(model, i)[PROMPT + own], true);
        }
        model.forward(batch);
        for (int i = 0; i < SIBLINGS; i++) {
          if (slots[i] >= 0) {
            all[i][step - i * 2 / SIBLINGS] = batch.logits(slots[i]).clone();
          }
        }
      }
      siblings.forEach(KvSequence::close);
    }
    return all;
  }

  /** A sibling's prompt and continuation. */
  private static int[] whole(LanguageModel model, int sibling) {
    int vocabulary = model.shape().vocabulary();
    int[] all = java.util.Arrays.copyOf(tokens(PROMPT, vocabulary, 1), PROMPT + STEPS);
    System.arraycopy(tokens(STEPS, vocabulary, 100 + sibling), 0, all, PROMPT, STEPS);
    return all;
  }

  private static float[][] tail(float[][] logits) {
    return java.util.Arrays.copyOfRange(logits, PROMPT, PROMPT + STEPS);
  }

  @Test
  void siblingsShareRunsAndStrangersDoNot() throws IOException {
    assumeTrue(ModelRuns.fastTiers().contains(KernelTier.MACHINE));
    Path path = write(folder, new RandomLlama());
    try (Loaded loaded = load(path, options(KernelTier.MACHINE, 1));
        KvPool pool = loaded.model().newKvPool(40);
        KvSequence parent = new KvSequence(pool)) {
      LanguageModel model = loaded.model();
      logits(model, parent, tokens(40, model.shape().vocabulary(), 1), 40);
      Batch batch = model.newBatch(SIBLINGS, SIBLINGS);
      List<KvSequence> sequences = new ArrayList<>();
      for (int i = 0; i < SIBLINGS; i++) {
        sequences.add(parent.fork());
      }
      int most = Workspace.siblings(SIBLINGS, model.shape().kvHeads(), 1);
      assertThat(runs(model, batch, sequences)).isEqualTo((SIBLINGS + most - 1) / most);
      sequences.forEach(KvSequence::close);
      sequences.clear();
      for (int i = 0; i < SIBLINGS; i++) {
        sequences.add(new KvSequence(pool));
      }
      assertThat(runs(model, batch, sequences)).isEqualTo(SIBLINGS);
      sequences.forEach(KvSequence::close);
    }
  }

  @Test
  void runsAreShortEnoughForAllMembers() {
    assertThat(Workspace.siblings(4, 3, 2)).isEqualTo(2);
    assertThat(Workspace.siblings(8, 3, 2)).isEqualTo(4);
    assertThat(Workspace.siblings(16, 3, 2)).isEqualTo(8);
    assertThat(Workspace.siblings(64, 8, 2)).isEqualTo(8);
    assertThat(Workspace.siblings(2, 1, 16)).isEqualTo(2);
  }

  private static int runs(LanguageModel model, Batch batch, List<KvSequence> sequences) {
    batch.clear();
    for (KvSequence sequence : sequences) {
      assertThat(sequence.ensure(sequence.length() + 1)).isTrue();
      batch.add(sequence, 1, true);
    }
    model.forward(batch);
    return batch.workspace.runs;
  }
}
