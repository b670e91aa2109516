package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineStats;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.prefix.PrefixIndex;

/**
 * What other threads may know of the scheduler: a snapshot of what its thread owns, and what can be
 * told from it. {@link #publish} belongs to that thread, all else is thread-safe.
 */
final class Statistics {
  private final KvPool pool;
  private final PrefixIndex index;
  private final RunningTasks running;
  private final int mostSequences;
  private final Counters counters;
  private final Rates rates;
  private volatile Snapshot snapshot;

  Statistics(
      KvPool pool,
      PrefixIndex index,
      RunningTasks running,
      int mostSequences,
      Counters counters,
      Rates rates) {
    this.pool = pool;
    this.index = index;
    this.running = running;
    this.mostSequences = mostSequences;
    this.counters = counters;
    this.rates = rates;
    this.snapshot = snapshot();
  }

  /** Lets other threads see how things stand now. */
  void publish() {
    snapshot = snapshot();
  }

  EngineStats stats(Admission admission) {
    Snapshot now = snapshot;
    double[] step = rates.stepMillis();
    return new EngineStats(
        now.running,
        admission.requests(),
        admission.tokens(),
        pool.totalPages(),
        now.usedPages,
        now.cachedPages,
        now.promptTokens,
        now.cachedTokens,
        now.generatedTokens,
        now.steps,
        now.rows,
        admission.accepted(),
        now.completed,
        now.failed,
        now.cancellations,
        admission.rejected(),
        now.preemptions,
        now.prefixQueries,
        now.prefixHits,
        now.fetchedPages,
        now.offeredPages,
        rates.prefillPerSecond(),
        rates.decodePerSecond(),
        step[0],
        step[1],
        step[2],
        retryAfterMillis(admission.tokens()));
  }

  /** The time to compute what is queued, at the measured rate; a second if there is none yet. */
  long retryAfterMillis(long queuedTokens) {
    double rate = rates.prefillPerSecond();
    Snapshot now = snapshot;
    double seconds = rate == 0 ? 1 : (queuedTokens + now.pendingRows) / rate;
    double decode = rates.decodePerSecond();
    if (decode > 0 && now.running >= mostSequences) {
      seconds += now.soonestEnd * now.running / decode;
    }
    return (long) Math.clamp(seconds * 1000, 100, 60_000);
  }

  private Snapshot snapshot() {
    long pending = 0;
    int soonest = Integer.MAX_VALUE;
    for (Task task : running.tasks()) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence != null) {
          pending += branch.feedLength() - sequence.length();
          soonest = Math.min(soonest, branch.mostTokensLeft());
        }
      }
    }
    return new Snapshot(
        running.live(),
        pool.totalPages() - pool.freePages(),
        index.idle(),
        pending,
        soonest == Integer.MAX_VALUE ? 0 : soonest,
        counters.promptTokens,
        counters.cachedTokens,
        counters.generatedTokens,
        counters.steps,
        counters.rows,
        counters.completed,
        counters.failed,
        counters.cancellations,
        counters.preemptions,
        counters.prefixQueries,
        counters.prefixHits,
        counters.fetchedPages,
        counters.offeredPages);
  }

  /**
   * What other threads may know.
   *
   * @param pendingRows rows of prompts being computed
   * @param soonestEnd tokens until the first of the running sequences ends at the latest
   */
  private record Snapshot(
      int running,
      int usedPages,
      int cachedPages,
      long pendingRows,
      int soonestEnd,
      long promptTokens,
      long cachedTokens,
      long generatedTokens,
      long steps,
      long rows,
      long completed,
      long failed,
      long cancellations,
      long preemptions,
      long prefixQueries,
      long prefixHits,
      long fetchedPages,
      long offeredPages) {}
}
