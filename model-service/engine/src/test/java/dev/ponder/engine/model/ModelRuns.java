package dev.ponder.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Loads models for tests, and runs token sequences through them. */
final class ModelRuns {
  private ModelRuns() {}

  /** A model with its file, both closed together. */
  record Loaded(GgufFile file, LanguageModel model) implements AutoCloseable {
    @Override
    public void close() {
      model.close();
      file.close();
    }
  }

  static Path write(Path folder, RandomLlama llama) throws IOException {
    return llama.writeTo(Files.createTempFile(folder, "random", ".gguf"));
  }

  static Loaded load(Path path, ModelOptions options) throws IOException {
    GgufFile file = GgufFile.open(path);
    try {
      return new Loaded(file, LanguageModel.load(file, options));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  static ModelOptions options(KernelTier tier, int threads) {
    return ModelOptions.defaults().withTier(tier).withThreads(threads);
  }

  static ModelOptions options(KernelTier tier, int threads, KvType type) {
    return options(tier, threads).withKvType(type);
  }

  /** The tiers that run here besides the definition. */
  static List<KernelTier> fastTiers() {
    boolean machine = Arrays.stream(InstructionSet.values()).anyMatch(Machine::runs);
    return machine ? List.of(KernelTier.VECTOR, KernelTier.MACHINE) : List.of(KernelTier.VECTOR);
  }

  static int[] tokens(int count, int vocabulary, long seed) {
    return new SplittableRandom(seed).ints(count, 0, vocabulary).toArray();
  }

  /** Returns the logits of every position; the prompt goes in by chunks. */
  static float[][] logits(LanguageModel model, int[] tokens, int chunk) {
    try (KvPool pool = model.newKvPool(tokens.length / 32 + 1);
        KvSequence sequence = new KvSequence(pool)) {
      return logits(model, sequence, tokens, chunk);
    }
  }

  /** Continues a sequence by all tokens and returns their logits. */
  static float[][] logits(LanguageModel model, KvSequence sequence, int[] tokens, int chunk) {
    Batch batch = model.newBatch(chunk, chunk);
    float[][] all = new float[tokens.length][];
    for (int from = 0; from < tokens.length; from += chunk) {
      int to = Math.min(tokens.length, from + chunk);
      assertThat(sequence.ensure(sequence.length() + to - from)).isTrue();
      batch.clear();
      for (int i = from; i < to; i++) {
        assertThat(batch.add(sequence, tokens[i], true)).isEqualTo(i - from);
      }
      model.forward(batch);
      for (int i = from; i < to; i++) {
        all[i] = batch.logits(i - from).clone();
      }
    }
    return all;
  }

  static void assertSameBits(String what, float[][] expected, float[][] actual) {
    assertThat(actual.length).as(what).isEqualTo(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(bits(actual[i])).as("%s, position %d", what, i).isEqualTo(bits(expected[i]));
    }
  }

  static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
