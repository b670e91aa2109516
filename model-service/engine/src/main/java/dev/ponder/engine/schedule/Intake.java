package dev.ponder.engine.schedule;

import dev.ponder.engine.kv.KvSequence;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The requests that wait, and their way to a place among the running. NOT thread-safe: owned by the
 * scheduler's thread.
 */
final class Intake {
  private final Admission admission;
  private final RunningTasks running;
  private final PrefixFetches fetches;
  private final Counters counters;
  private final LongSupplier nanoTime;
  private final WaitingList waiting = new WaitingList();

  Intake(
      Admission admission,
      RunningTasks running,
      PrefixFetches fetches,
      Counters counters,
      LongSupplier nanoTime) {
    this.admission = admission;
    this.running = running;
    this.fetches = fetches;
    this.counters = counters;
    this.nanoTime = nanoTime;
  }

  /** Queues a task that was admitted. */
  void add(Task task) {
    waiting.add(task);
  }

  /** Forgets the waiting tasks that were given up. */
  void sweepCancelled() {
    for (Task task : waiting.removeIf(Task::cancelled)) {
      admission.leave(task.queuedTokens());
      counters.cancellations++;
    }
  }

  /** Empties the queue, one task after the other. */
  void drain(Consumer<Task> each) {
    for (Task task : waiting.removeIf(any -> true)) {
      admission.leave(task.queuedTokens());
      each.accept(task);
    }
  }

  /** Gives sequences a place: those that lost theirs first, then requests from the queue. */
  void startBranches() {
    for (Task task : running.tasks()) {
      for (Branch branch : task.branches) {
        boolean follows = branch.index > 0 && !task.started;
        if (branch.sequence == null && !branch.finished() && !follows && !start(branch)) {
          return;
        }
      }
    }
    for (Task task = waiting.first(); task != null; task = waiting.first()) {
      if (task.branches.isEmpty()) {
        task.branches = task.newBranches();
      }
      if (!start(task.branches.getFirst())) {
        return;
      }
      waiting.removeFirst();
      admission.leave(task.queuedTokens());
      running.add(task);
    }
  }

  /** False if there is no place or not room enough for it. */
  private boolean start(Branch branch) {
    KvSequence sequence = running.start(branch);
    if (sequence == null) {
      return false;
    }
    if (!branch.task.scheduled) {
      schedule(branch.task, sequence);
    }
    return true;
  }

  /** The first time a task gets a place: what was found counts as cached, and more is asked for. */
  private void schedule(Task task, KvSequence sequence) {
    task.scheduled = true;
    task.scheduledNanos = nanoTime.getAsLong();
    task.cachedTokens = sequence.length();
    if (!task.useCache) {
      return;
    }
    int found = sequence.pageCount();
    counters.prefixQueries++;
    counters.prefixHits += found > 0 ? 1 : 0;
    fetches.ask(task, found);
  }
}
