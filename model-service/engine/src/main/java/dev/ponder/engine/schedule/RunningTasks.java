package dev.ponder.engine.schedule;

import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.prefix.PrefixIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tasks at work, oldest first, with the sequences of their branches and the pages these hold.
 *
 * <p>Pages are taken when they are needed. When none is left, cached prefixes go first, then the
 * youngest sequence gives its pages up; its tokens are kept and its KV is computed again when there
 * is room, with the same bits. A sequence takes pages from younger ones only and waits otherwise,
 * so the oldest always gets on.
 *
 * <p>NOT thread-safe: owned by the scheduler's thread.
 */
final class RunningTasks {
  private final KvPool pool;
  private final PrefixIndex index;
  private final Offers offers;
  private final int mostSequences;
  private final Counters counters;
  private final List<Task> tasks = new ArrayList<>();
  private final List<Task> view = Collections.unmodifiableList(tasks);
  private int live;

  RunningTasks(
      KvPool pool, PrefixIndex index, Offers offers, int mostSequences, Counters counters) {
    this.pool = pool;
    this.index = index;
    this.offers = offers;
    this.mostSequences = mostSequences;
    this.counters = counters;
  }

  /** Returns a view: copy it before ending any of them. */
  List<Task> tasks() {
    return view;
  }

  /** Sequences that have a place. */
  int live() {
    return live;
  }

  void add(Task task) {
    tasks.add(task);
  }

  /** Returns all a task holds. */
  void release(Task task) {
    task.abandonFetch();
    for (Branch branch : task.branches) {
      if (branch.sequence != null) {
        closeSequence(branch);
      }
    }
    releaseTrunk(task);
    tasks.remove(task);
  }

  // ---- places ----

  /** Finds the KV there is of a branch; null if there is no place or not room enough for it. */
  @Nullable KvSequence start(Branch branch) {
    if (live >= mostSequences) {
      return null;
    }
    Task task = branch.task;
    KvSequence sequence = new KvSequence(pool);
    int known = knownPages(branch);
    for (int i = 0; i < Math.min(known, task.trunk.length); i++) {
      pool.retain(task.trunk[i]);
      sequence.appendPage(task.trunk[i]);
    }
    sequence.setLength(sequence.pageCount() * pool.pageTokens());
    if (task.useCache) {
      index.adopt(task.namespace, branch.tokens(), known, sequence);
    }
    // One page more for each of the running, so that this one is not stopped again at once.
    int missing = pages(branch.feedLength()) - sequence.pageCount() + live;
    if (live > 0 && pool.freePages() + index.idle() < missing) {
      sequence.close();
      return null;
    }
    branch.sequence = sequence;
    live++;
    return sequence;
  }

  /** Gives each branch a sequence of its own as far as there is room; the others start later. */
  void fork(Task task, KvSequence sequence) {
    int full = sequence.length() / pool.pageTokens();
    task.trunk = new int[full];
    for (int i = 0; i < full; i++) {
      task.trunk[i] = sequence.page(i);
      pool.retain(task.trunk[i]);
    }
    for (Branch branch : task.branches) {
      if (branch.sequence == null && !branch.finished()) {
        boolean page = pool.freePages() > 0 || index.evict();
        if (!page || live >= mostSequences) {
          return;
        }
        branch.sequence = sequence.fork();
        live++;
      }
    }
  }

  /** Keeps a finished branch's pages for requests to come and gives its place up. */
  void retire(Branch branch) {
    keep(branch);
    closeSequence(branch);
  }

  private void closeSequence(Branch branch) {
    KvSequence sequence = branch.sequence;
    if (sequence != null) {
      sequence.close();
      branch.sequence = null;
      live--;
    }
  }

  private void releaseTrunk(Task task) {
    for (int i = task.trunk.length - 1; i >= 0; i--) {
      pool.release(task.trunk[i]);
    }
    task.trunk = new int[0];
  }

  // ---- shared prefixes ----

  /** Full pages that may be taken over: at least the first position of interest is computed. */
  int knownPages(Branch branch) {
    return branch.firstWanted() / pool.pageTokens();
  }

  /** Takes over pages that others have computed in the meantime. */
  void extend(Branch branch, KvSequence sequence) {
    Task task = branch.task;
    boolean fullPages = sequence.length() == sequence.pageCount() * pool.pageTokens();
    if (task.useCache && fullPages && sequence.pageCount() < knownPages(branch)) {
      int adopted = index.adopt(task.namespace, branch.tokens(), knownPages(branch), sequence);
      if (!task.started) {
        task.cachedTokens += adopted * pool.pageTokens();
      }
    }
  }

  /** Keeps a branch's full pages for requests to come. */
  void keep(Branch branch) {
    KvSequence sequence = branch.sequence;
    if (branch.task.useCache && sequence != null) {
      int full = sequence.length() / pool.pageTokens();
      index.insert(branch.task.namespace, branch.tokens(), full, sequence);
    }
  }

  // ---- room ----

  /** Gets pages for as many of the next rows as possible; returns how many. */
  int withPages(Branch branch, KvSequence sequence, int rows) {
    while (rows > 0 && !sequence.ensure(sequence.length() + rows)) {
      if (!makeRoom(branch)) {
        return Math.min(rows, sequence.pageCount() * pool.pageTokens() - sequence.length());
      }
    }
    return rows;
  }

  /** Allocates a page for a branch; negative if only it and older ones have any. */
  int allocate(Branch branch) {
    int page = pool.allocate();
    while (page < 0 && makeRoom(branch)) {
      page = pool.allocate();
    }
    return page;
  }

  /** Frees at least one page for a branch; false if only it and older ones have any. */
  private boolean makeRoom(Branch branch) {
    if (index.evict() || offers.drop() || releaseIdleTrunk()) {
      return true;
    }
    for (int t = tasks.size() - 1; t >= 0; t--) {
      List<Branch> branches = tasks.get(t).branches;
      for (int b = branches.size() - 1; b >= 0; b--) {
        if (branches.get(b).equals(branch)) {
          return false;
        }
        if (branches.get(b).sequence != null) {
          preempt(branches.get(b));
          return true;
        }
      }
    }
    return false; // not reached: the branch is active
  }

  /** Frees a prompt held for branches to come of which none runs now. */
  private boolean releaseIdleTrunk() {
    for (int t = tasks.size() - 1; t >= 0; t--) {
      Task task = tasks.get(t);
      if (task.trunk.length > 0
          && task.branches.stream().allMatch(branch -> branch.sequence == null)) {
        releaseTrunk(task);
        return true;
      }
    }
    return false;
  }

  private void preempt(Branch branch) {
    counters.preemptions++;
    closeSequence(branch);
    branch.task.abandonFetch();
  }

  private int pages(int tokens) {
    return (tokens + pool.pageTokens() - 1) / pool.pageTokens();
  }
}
