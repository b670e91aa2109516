package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Ends tasks: they return all they hold, and whoever hears of the end finds it in the statistics.
 * NOT thread-safe: owned by the scheduler's thread.
 */
final class Endings {
  private final RunningTasks running;
  private final Statistics statistics;
  private final Counters counters;
  private final LongSupplier nanoTime;

  Endings(RunningTasks running, Statistics statistics, Counters counters, LongSupplier nanoTime) {
    this.running = running;
    this.statistics = statistics;
    this.counters = counters;
    this.nanoTime = nanoTime;
  }

  /** Releases the running tasks that were given up. */
  void sweepCancelled() {
    List<Task> tasks = running.tasks();
    for (int i = tasks.size() - 1; i >= 0; i--) {
      Task task = tasks.get(i);
      if (task.cancelled()) {
        counters.cancellations++;
        release(task);
      }
    }
  }

  /** Takes finished branches' places from them, and completes the tasks that have no others. */
  void retireFinished() {
    for (Task task : List.copyOf(running.tasks())) {
      boolean all = true;
      for (Branch branch : task.branches) {
        all &= branch.finished();
        if (branch.finished() && branch.sequence != null) {
          running.retire(branch);
        }
      }
      if (all && !task.cancelled()) {
        counters.completed++;
        release(task);
        statistics.publish();
        task.onComplete(nanoTime.getAsLong());
      }
    }
  }

  void fail(Task task, EngineException error) {
    counters.failed++;
    release(task);
    statistics.publish();
    task.onError(error);
  }

  /** Fails all that run, since a step failed. */
  void failRunning(Throwable cause) {
    EngineException error =
        cause instanceof EngineException known
            ? known
            : new EngineException(
                cause instanceof OutOfMemoryError ? Kind.OUT_OF_MEMORY : Kind.INTERNAL,
                "step: failed with " + cause,
                cause);
    for (Task task : List.copyOf(running.tasks())) {
      fail(task, error);
    }
  }

  private void release(Task task) {
    running.release(task);
    task.end();
  }
}
