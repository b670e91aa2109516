package dev.ponder.benchmarks;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.WorkCounters;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Our engine, below its scheduler: prompts go in chunks of at most {@value #CHUNK} rows, as the
 * peer's do, and samples share the prompt's pages. NOT thread-safe.
 */
final class EngineContestant implements Contestant, AutoCloseable {
  private static final int CHUNK = 512;

  /** Ids below are control tokens in most vocabularies, and so may be the last ones. */
  private static final int FIRST_ID = 10;

  private final String label;
  private final LanguageModel model;
  private final KvPool pool;
  private final Batch batch;
  private final SplittableRandom random = new SplittableRandom(1);

  /** Takes over the model; {@code workloads} set the size of the KV pool. */
  EngineContestant(LanguageModel model, List<Workload> workloads) {
    int vocabulary = model.shape().vocabulary();
    if (vocabulary < 4 * FIRST_ID) {
      throw new IllegalArgumentException(
          "vocabulary: " + vocabulary + " (expected: at least " + 4 * FIRST_ID + ")");
    }
    this.label = label(model);
    this.model = model;
    int pages = workloads.stream().mapToInt(EngineContestant::pages).max().orElse(1);
    int sequences = workloads.stream().mapToInt(Workload::sequences).max().orElse(1);
    this.pool = model.newKvPool(pages);
    this.batch = model.newBatch(CHUNK, sequences);
  }

  /** Returns what tells settings apart. */
  static String label(LanguageModel model) {
    String kv = model.kvType() == KvType.F16 ? "" : model.kvType().label() + " KV ";
    return "ponder " + bits(model) + "-bit " + kv + model.kernelDescription();
  }

  private static int bits(LanguageModel model) {
    return switch (model.activations()) {
      case BITS8 -> 8;
      case BITS16 -> 16;
    };
  }

  /**
   * Pages that a workload holds: the prompt's once, and of each sequence its own with a partial one
   * at either end.
   */
  private static int pages(Workload workload) {
    int pageTokens = 32;
    return workload.prompt() / pageTokens
        + 1
        + workload.sequences() * (workload.steps() / pageTokens + 2);
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public Measurement run(Workload workload) {
    List<KvSequence> sequences = new ArrayList<>();
    try {
      KvSequence first = new KvSequence(pool);
      sequences.add(first);
      int[] prompt = ids(workload.prompt());
      ensure(first, prompt.length);
      if (workload.isPrefill()) {
        return timed(() -> prefill(first, prompt));
      }
      prefill(first, prompt);
      while (sequences.size() < workload.sequences()) {
        sequences.add(first.fork());
      }
      for (KvSequence sequence : sequences) {
        ensure(sequence, workload.context());
      }
      int[] tokens = ids(workload.tokens());
      return timed(() -> decode(sequences, tokens));
    } finally {
      sequences.forEach(KvSequence::close);
    }
  }

  private void prefill(KvSequence sequence, int[] tokens) {
    for (int start = 0; start < tokens.length; start += CHUNK) {
      int end = Math.min(start + CHUNK, tokens.length);
      batch.clear();
      for (int i = start; i < end; i++) {
        batch.add(sequence, tokens[i], i == tokens.length - 1);
      }
      model.forward(batch);
    }
  }

  private void decode(List<KvSequence> sequences, int[] tokens) {
    for (int next = 0; next < tokens.length; ) {
      batch.clear();
      for (KvSequence sequence : sequences) {
        batch.add(sequence, tokens[next++], true);
      }
      model.forward(batch);
    }
  }

  private Measurement timed(Runnable work) {
    WorkCounters before = model.counters();
    long start = System.nanoTime();
    work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    WorkCounters after = model.counters();
    return new Measurement(
        seconds,
        new Measurement.Work(
            after.weightBytes() - before.weightBytes(),
            after.kvBytes() - before.kvBytes(),
            after.forwardPasses() - before.forwardPasses(),
            after.products() - before.products()));
  }

  private int[] ids(int count) {
    return random.ints(count, FIRST_ID, model.shape().vocabulary() - FIRST_ID).toArray();
  }

  private static void ensure(KvSequence sequence, int tokens) {
    if (!sequence.ensure(tokens)) {
      throw new EngineException(
          EngineException.Kind.OUT_OF_MEMORY, "KV pool: no room for " + tokens + " tokens");
    }
  }

  @Override
  public void close() {
    pool.close();
    model.close();
  }
}
