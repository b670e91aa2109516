package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of the next step: one for every sequence that decodes and a bounded number of prompt
 * rows, oldest request first. Rows are batched as they come, since a row's bits depend on nothing
 * but its own tokens. NOT thread-safe: owned by the scheduler's thread.
 */
final class StepPlan {
  /** Rows beyond one a sequence that may ask for logits in a step: scoring reads every row. */
  private static final int SPARE_LOGITS = 16;

  private final KvPool pool;
  private final RunningTasks running;
  private final Rates rates;
  private final int prefillChunk;
  private final int spareLogits;
  private final Batch batch;
  private final List<LogitRow> logitRows = new ArrayList<>();
  private final List<Branch> prefilled = new ArrayList<>();
  private int prefillRows;

  StepPlan(
      LanguageModel model, EngineOptions options, KvPool pool, RunningTasks running, Rates rates) {
    int sequences = options.maxSequences();
    this.pool = pool;
    this.running = running;
    this.rates = rates;
    this.prefillChunk = options.prefillChunk();
    this.spareLogits = Math.min(SPARE_LOGITS, prefillChunk);
    this.batch = model.newBatch(sequences + prefillChunk, sequences + spareLogits);
  }

  /** The same one for all steps. */
  Batch batch() {
    return batch;
  }

  /** The logits that are wanted. */
  List<LogitRow> logitRows() {
    return logitRows;
  }

  /** Branches with prompt rows in the batch. */
  List<Branch> prefilled() {
    return prefilled;
  }

  /** Prompt rows in the batch; the others are of sequences that decode. */
  int prefillRows() {
    return prefillRows;
  }

  /** Plans anew; no rows if no sequence can run. */
  void make() {
    batch.clear();
    logitRows.clear();
    prefilled.clear();
    prefillRows = 0;
    int budget = PrefillBudget.rows(prefillChunk, anyDecodes(), rates.prefillPerSecond());
    int spare = spareLogits;
    int runnable = 0;
    for (Task task : running.tasks()) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence == null || task.fetch != null) {
          continue;
        }
        runnable++;
        boolean decodes = branch.feedLength() - sequence.length() == 1;
        if (!decodes) {
          running.extend(branch, sequence);
        }
        int rows = Math.min(rowsWanted(branch, sequence, spare), decodes ? 1 : budget);
        rows = running.withPages(branch, sequence, rows);
        int logits = add(branch, sequence, rows);
        spare -= Math.max(0, logits - 1);
        if (!decodes && rows > 0) {
          budget -= rows;
          prefillRows += rows;
          prefilled.add(branch);
        }
      }
    }
    if (runnable > 0
        && batch.rows() == 0
        && running.tasks().stream().allMatch(task -> task.fetch == null)) {
      throw new IllegalStateException("no sequence gets on: " + pool.freePages() + " free pages");
    }
  }

  private boolean anyDecodes() {
    for (Task task : running.tasks()) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence != null && task.started && branch.feedLength() - sequence.length() == 1) {
          return true;
        }
      }
    }
    return false;
  }

  /** The rows a branch could use in one step. */
  private static int rowsWanted(Branch branch, KvSequence sequence, int spare) {
    int length = sequence.length();
    int end = branch.feedLength();
    if (!branch.task.started && branch.task.branches.size() > 1) {
      end = Math.min(end, branch.promptLength); // the others fork from the prompt's end
    }
    return Math.min(end, branch.firstWanted() + 1 + spare) - length;
  }

  private int add(Branch branch, KvSequence sequence, int rows) {
    int first = sequence.length();
    int logits = 0;
    for (int position = first; position < first + rows; position++) {
      boolean wanted = position >= branch.firstWanted();
      int slot = batch.add(sequence, branch.tokens()[position], wanted);
      if (wanted) {
        logitRows.add(new LogitRow(branch, position, slot));
        logits++;
      }
    }
    return logits;
  }

  /** Logits wanted of the step being computed. */
  record LogitRow(Branch branch, int position, int slot) {}
}
