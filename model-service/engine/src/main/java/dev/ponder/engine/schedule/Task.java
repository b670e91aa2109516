package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.Generation;
import dev.ponder.engine.Namespace;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the scheduler. {@link #cancel} and {@link #done} are thread-safe;
 * all else is owned by the scheduler's thread.
 */
abstract class Task implements Generation {
  final Namespace namespace;
  final int[] prompt;
  final boolean useCache;
  final @Nullable String group;
  final long submittedNanos;
  private final Consumer<Task> wake;
  private volatile boolean cancelled;
  private volatile boolean done;

  /** How often a task that came later was put before this one in the queue. */
  int overtakes;

  List<Branch> branches = List.of();

  /** The prompt's full pages, held for branches that have no place yet; empty if there are none. */
  int[] trunk = {};

  /** Non-null while it waits for the prefix store. */
  @Nullable Fetch fetch;

  /** It had a place among the running at least once. */
  boolean scheduled;

  /** The prompt is computed and the first tokens are drawn. */
  boolean started;

  int cachedTokens;
  long scheduledNanos;
  long startedNanos;
  long cacheNanos;
  long cacheBytes;

  Task(
      Namespace namespace,
      int[] prompt,
      boolean useCache,
      @Nullable String group,
      long submittedNanos,
      Consumer<Task> wake) {
    this.namespace = namespace;
    this.prompt = prompt;
    this.useCache = useCache;
    this.group = group;
    this.submittedNanos = submittedNanos;
    this.wake = wake;
  }

  /** Tokens it counts for in the queue. */
  abstract long queuedTokens();

  abstract List<Branch> newBranches();

  /** The prompt is computed. */
  abstract void onStart();

  /** All branches have finished. */
  abstract void onComplete(long nowNanos);

  abstract void onError(EngineException error);

  @Override
  public final void cancel() {
    if (!cancelled && !done) {
      cancelled = true;
      wake.accept(this);
    }
  }

  @Override
  public final boolean done() {
    return done || cancelled;
  }

  final boolean cancelled() {
    return cancelled;
  }

  /** Like {@link #cancel}, on the scheduler's thread, which looks by itself. */
  final void giveUp() {
    cancelled = true;
  }

  final void end() {
    done = true;
  }

  /** Waits for the prefix store no longer. */
  final void abandonFetch() {
    Fetch abandoned = fetch;
    fetch = null;
    if (abandoned != null) {
      abandoned.future.cancel(true);
    }
  }

  /** A request to the prefix store for pages from {@code fromPage} on. */
  static final class Fetch {
    final CompletableFuture<List<byte[]>> future;
    final int fromPage;
    final long askedNanos;
    final long deadlineNanos;

    Fetch(
        CompletableFuture<List<byte[]>> future, int fromPage, long askedNanos, long deadlineNanos) {
      this.future = future;
      this.fromPage = fromPage;
      this.askedNanos = askedNanos;
      this.deadlineNanos = deadlineNanos;
    }
  }
}
