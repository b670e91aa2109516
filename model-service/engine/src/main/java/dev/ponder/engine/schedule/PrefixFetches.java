package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.PrefixStore;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the prefix store for the pages a prompt lacks and loads what comes; a task waits for them so
 * long and no longer. NOT thread-safe: owned by the scheduler's thread, to which the store's answer
 * comes as a command.
 */
final class PrefixFetches {
  private final @Nullable PrefixStore store;
  private final Duration timeout;
  private final KvPool pool;
  private final RunningTasks running;
  private final Counters counters;
  private final LongSupplier nanoTime;
  private final Consumer<Runnable> commands;

  /**
   * @param commands takes what the scheduler's thread is to run, from any thread
   */
  PrefixFetches(
      EngineOptions options,
      KvPool pool,
      RunningTasks running,
      Counters counters,
      LongSupplier nanoTime,
      Consumer<Runnable> commands) {
    this.store = options.prefixStore();
    this.timeout = options.fetchTimeout();
    this.pool = pool;
    this.running = running;
    this.counters = counters;
    this.nanoTime = nanoTime;
    this.commands = commands;
  }

  /** Asks for a prompt's pages from {@code from} on, if there is a store and it may have any. */
  void ask(Task task, int from) {
    int most = (task.prompt.length - 1) / pool.pageTokens();
    if (store != null && from < most) {
      task.fetch = fetch(store, task, from, most - from);
    }
  }

  private Task.@Nullable Fetch fetch(PrefixStore from, Task task, int page, int pages) {
    CompletableFuture<List<byte[]>> future;
    try {
      future = from.fetch(task.namespace, task.prompt, page);
    } catch (RuntimeException e) {
      return null; // as if it had nothing
    }
    long now = nanoTime.getAsLong();
    Duration patience = PrefixStore.patience(timeout, pages * pool.pageTokens());
    Task.Fetch fetch = new Task.Fetch(future, page, now, now + patience.toNanos());
    CompletableFuture<List<byte[]>> _ =
        future.whenComplete((payloads, error) ->
            commands.accept(() -> fetched(task, fetch, error == null ? payloads : List.of())));
    return fetch;
  }

  /** Nanoseconds until the next task gives up waiting; {@link Long#MAX_VALUE} if none waits. */
  long nanosLeft() {
    long least = Long.MAX_VALUE;
    long now = nanoTime.getAsLong();
    for (Task task : running.tasks()) {
      if (task.fetch != null) {
        least = Math.min(least, Math.max(0, task.fetch.deadlineNanos - now));
      }
    }
    return least;
  }

  /** Lets the tasks that have waited long enough go on without. */
  void expire() {
    long now = nanoTime.getAsLong();
    for (Task task : running.tasks()) {
      Task.Fetch fetch = task.fetch;
      if (fetch != null && fetch.deadlineNanos - now <= 0) {
        fetched(task, fetch, List.of());
        fetch.future.cancel(true);
      }
    }
  }

  private void fetched(Task task, Task.Fetch fetch, @Nullable List<byte[]> payloads) {
    if (task.fetch != fetch) {
      return; // too late, or its task is gone
    }
    task.fetch = null;
    task.cacheNanos = nanoTime.getAsLong() - fetch.askedNanos;
    Branch branch = task.branches.getFirst();
    KvSequence sequence = branch.sequence;
    if (sequence == null || payloads == null) {
      return;
    }
    running.extend(branch, sequence);
    int most = Math.min(running.knownPages(branch), fetch.fromPage + payloads.size());
    boolean valid = sequence.pageCount() >= fetch.fromPage;
    while (valid && sequence.pageCount() < most) {
      byte[] payload = payloads.get(sequence.pageCount() - fetch.fromPage);
      valid = payload.length == pool.pageBytes() && load(branch, sequence, payload);
    }
    running.keep(branch);
  }

  private boolean load(Branch branch, KvSequence sequence, byte[] payload) {
    int page = running.allocate(branch);
    if (page < 0) {
      return false;
    }
    pool.load(page, MemorySegment.ofArray(payload));
    sequence.appendPage(page);
    sequence.setLength(sequence.pageCount() * pool.pageTokens());
    branch.task.cachedTokens += pool.pageTokens();
    branch.task.cacheBytes += payload.length;
    counters.fetchedPages++;
    return true;
  }
}
