package dev.ponder.engine.accuracy;

import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Evaluates token sequences on a loaded model, below the scheduler. */
final class ModelRun {
  /** Rows of one step; small enough that their logits stay a few megabytes. */
  private static final int CHUNK = 64;

  /** Receives the logits behind each position; the array is only valid during the call. */
  @FunctionalInterface
  interface LogitsConsumer {
    void accept(int position, float[] logits);
  }

  private ModelRun() {}

  /** The logits behind every token of one sequence. */
  static void evaluate(LanguageModel model, int[] tokens, LogitsConsumer consumer) {
    evaluate(model, tokens, consumer, sequence -> {});
  }

  /** Likewise; {@code stored} may spoil what each chunk stored, two whole pages. */
  static void evaluate(
      LanguageModel model, int[] tokens, LogitsConsumer consumer, Consumer<KvSequence> stored) {
    Batch batch = model.newBatch(CHUNK, CHUNK);
    try (KvPool pool = pool(model, 1, tokens.length);
        KvSequence sequence = new KvSequence(pool)) {
      for (int start = 0; start < tokens.length; start += CHUNK) {
        int end = Math.min(start + CHUNK, tokens.length);
        ensure(sequence, end);
        batch.clear();
        int[] slots = new int[end - start];
        for (int i = start; i < end; i++) {
          slots[i - start] = batch.add(sequence, tokens[i], true);
        }
        model.forward(batch);
        for (int i = start; i < end; i++) {
          consumer.accept(i, batch.logits(slots[i - start]));
        }
        stored.accept(sequence);
      }
    }
  }

  /** Continues all prompts greedily, side by side in one batch; the lowest id wins a tie. */
  static List<List<Integer>> continueGreedily(
      LanguageModel model, List<List<Integer>> prompts, int steps) {
    int longest = prompts.stream().mapToInt(List::size).max().orElse(0);
    List<List<Integer>> continuations = new ArrayList<>();
    List<KvSequence> sequences = new ArrayList<>();
    Batch batch = model.newBatch(Math.max(longest, prompts.size()), prompts.size());
    try (KvPool pool = pool(model, prompts.size(), longest + steps)) {
      for (List<Integer> prompt : prompts) {
        KvSequence sequence = new KvSequence(pool);
        sequences.add(sequence);
        ensure(sequence, prompt.size() + steps);
        batch.clear();
        int slot = -1;
        for (int i = 0; i < prompt.size(); i++) {
          slot = batch.add(sequence, prompt.get(i), i == prompt.size() - 1);
        }
        model.forward(batch);
        continuations.add(new ArrayList<>(List.of(best(batch.logits(slot)))));
      }
      int[] slots = new int[prompts.size()];
      for (int step = 1; step < steps; step++) {
        batch.clear();
        for (int i = 0; i < slots.length; i++) {
          slots[i] = batch.add(sequences.get(i), continuations.get(i).getLast(), true);
        }
        model.forward(batch);
        for (int i = 0; i < slots.length; i++) {
          continuations.get(i).add(best(batch.logits(slots[i])));
        }
      }
      sequences.forEach(KvSequence::close);
    }
    return continuations;
  }

  static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private static KvPool pool(LanguageModel model, int sequences, int tokens) {
    // 32 tokens a page; one page more covers any larger page size's remainder.
    return model.newKvPool(sequences * (tokens / 32 + 2));
  }

  private static void ensure(KvSequence sequence, int tokens) {
    if (!sequence.ensure(tokens)) {
      throw new IllegalStateException("the KV pool has no room for " + tokens + " tokens");
    }
  }
}
