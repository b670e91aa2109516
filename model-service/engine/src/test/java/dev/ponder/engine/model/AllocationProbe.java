package dev.ponder.engine.model;

import com.sun.management.ThreadMXBean;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.ModelRuns.Loaded;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs steps of a model until the engine's threads together have allocated at most {@link
 * #BYTES_PER_STEP} a step for a thousand steps, and fails if that does not come about. One boxed
 * vector in a kernel would be tens of kilobytes a step, so the bound tells the two apart; it leaves
 * room for a single small object that the compiler keeps or not. Arguments: model file, rows of a
 * step, kernels.
 */
final class AllocationProbe {
  /** What is printed last when all is well. */
  static final String QUIET = "next to nothing\n";

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int STEPS = 50;
  private static final int QUIET_ROUNDS = 20;

  /** The compiler may have to wait for a core; a few seconds is what it takes otherwise. */
  private static final long LONGEST_NANOS = 20_000_000_000L;

  private static final int BYTES_PER_STEP = 64;

  private AllocationProbe() {}

  public static void main(String[] args) throws IOException {
    int rows = Integer.parseInt(args[1]);
    ModelOptions options = ModelRuns.options(KernelTier.valueOf(args[2]), 2);
    try (Loaded loaded = ModelRuns.load(Path.of(args[0]), options);
        KvPool pool = loaded.model().newKvPool(16);
        KvSequence sequence = new KvSequence(pool)) {
      Batch batch = loaded.model().newBatch(rows, 1);
      sequence.ensure(512);
      List<Long> ids =
          Thread.getAllStackTraces().keySet().stream()
              .filter(t -> t == Thread.currentThread() || t.getName().startsWith("engine-"))
              .map(Thread::threadId)
              .toList();
      int quiet = 0;
      int rounds = 0;
      long last = 0;
      long start = System.nanoTime();
      while (quiet < QUIET_ROUNDS && System.nanoTime() - start < LONGEST_NANOS) {
        rounds++;
        long before = allocated(ids);
        for (int step = 0; step < STEPS; step++) {
          step(loaded.model(), batch, sequence, rows);
        }
        last = allocated(ids) - before;
        quiet = last <= STEPS * BYTES_PER_STEP ? quiet + 1 : 0;
      }
      System.out.print(
          quiet == QUIET_ROUNDS && ids.size() == 2 && batch.workspace.pieces.cut()
              ? QUIET
              : last
                  + " bytes in "
                  + STEPS
                  + " steps, in round "
                  + rounds
                  + ", of "
                  + ids.size()
                  + " threads, cut: "
                  + batch.workspace.pieces.cut());
    }
  }

  private static void step(LanguageModel model, Batch batch, KvSequence sequence, int rows) {
    batch.clear();
    for (int row = 0; row < rows; row++) {
      batch.add(sequence, row, row == 0);
    }
    model.forward(batch);
    if (sequence.length() > 500) {
      sequence.truncate(400);
      sequence.ensure(512);
    }
  }

  private static long allocated(List<Long> ids) {
    long sum = 0;
    for (int i = 0; i < ids.size(); i++) {
      sum += THREADS.getThreadAllocatedBytes(ids.get(i));
    }
    return sum;
  }
}
