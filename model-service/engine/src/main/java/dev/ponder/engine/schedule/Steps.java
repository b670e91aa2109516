package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.LanguageModel;
import java.util.function.LongSupplier;

/**
 * Computes one planned batch after the other and hands the logits to the branches that wait for
 * them. NOT thread-safe: owned by the scheduler's thread.
 */
final class Steps {
  private final LanguageModel model;
  private final StepPlan plan;
  private final RunningTasks running;
  private final Offers offers;
  private final Endings endings;
  private final Counters counters;
  private final Rates rates;
  private final LongSupplier nanoTime;

  Steps(
      LanguageModel model,
      StepPlan plan,
      RunningTasks running,
      Offers offers,
      Endings endings,
      Counters counters,
      Rates rates,
      LongSupplier nanoTime) {
    this.model = model;
    this.plan = plan;
    this.running = running;
    this.offers = offers;
    this.endings = endings;
    this.counters = counters;
    this.rates = rates;
    this.nanoTime = nanoTime;
  }

  /** Computes one batch; false if no sequence can run. */
  boolean step() {
    plan.make();
    int rows = plan.batch().rows();
    if (rows == 0) {
      return false;
    }
    long begin = nanoTime.getAsLong();
    model.forward(plan.batch());
    counters.steps++;
    counters.rows += rows;
    rates.record(plan.prefillRows(), rows - plan.prefillRows(), nanoTime.getAsLong() - begin);
    for (Branch branch : plan.prefilled()) {
      running.keep(branch);
    }
    for (StepPlan.LogitRow row : plan.logitRows()) {
      draw(row);
    }
    endings.retireFinished();
    return true;
  }

  private void draw(StepPlan.LogitRow row) {
    Task task = row.branch().task;
    if (task.done() || row.branch().finished()) {
      return;
    }
    try {
      float[] logits = plan.batch().logits(row.slot());
      if (task.started) {
        row.branch().accept(row.position(), logits);
      } else {
        beginDecoding(row.branch(), row.position(), logits);
      }
    } catch (EngineException e) {
      endings.fail(task, e);
    }
  }

  /** The prompt is computed: all branches draw their first token from it, then part. */
  private void beginDecoding(Branch first, int position, float[] logits) {
    Task task = first.task;
    task.started = true;
    task.startedNanos = nanoTime.getAsLong();
    counters.promptTokens += task.prompt.length;
    counters.cachedTokens += task.cachedTokens;
    task.onStart();
    for (Branch branch : task.branches) {
      if (!task.cancelled()) {
        branch.accept(position, logits);
      }
    }
    KvSequence sequence = first.sequence;
    if (sequence == null) {
      return;
    }
    offers.add(task, sequence);
    if (task.branches.size() > 1) {
      running.fork(task, sequence);
    }
  }
}
