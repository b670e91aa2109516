package dev.ponder.engine.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that run one task together: every member executes {@link Task#run} with
 * its own number, and {@link #sync} is a barrier inside the task. The caller is member 0. Waiting
 * members spin for a bounded time, because a step has hundreds of barriers a few microseconds
 * apart, then park, because the cores may belong to others. Nothing is allocated while running. One
 * caller at a time.
 */
public final class Team implements AutoCloseable {
  /** Work for all members. */
  @FunctionalInterface
  public interface Task {
    /** Does the part of one member, 0 to size - 1. */
    void run(int member);
  }

  /** What a member waits for. */
  private enum Event {
    JOB,
    BARRIER,
    END
  }

  /** Leaves the task of a member when another one has failed. */
  private static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Broken() {
      super("another member failed", null, false, false);
    }
  }

  /** Whether a member is parked or about to; alone on its cache lines, others spin nearby. */
  private static final class Flag {
    volatile boolean waiting;
    @Nullable Thread thread;

    @SuppressWarnings("UnusedVariable") // keeps flags apart in memory
    private final long[] padding = new long[16];
  }

  private static final long SPIN_NANOS = 40_000;
  private static final int SPINS_PER_CLOCK = 16;
  private static final VarHandle ARRIVED = handle("arrived");
  private static final VarHandle RUNNING = handle("running");

  private final int size;
  private final Flag[] flags;

  @SuppressWarnings("unused") // through ARRIVED
  private volatile int arrived;

  /** Members other than the caller that have not finished the job. */
  private volatile int running;

  private volatile int phase;

  /** The number of the latest job; {@code jobs} is the caller's own count. */
  private volatile int job;

  private int jobs;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private volatile @Nullable Task task;

  /** Starts {@code size - 1} daemon threads. */
  public Team(int size, String name) {
    if (size < 1 || size > 256) {
      throw new IllegalArgumentException("threads: " + size + " (expected: 1 to 256)");
    }
    this.size = size;
    flags = new Flag[size];
    for (int i = 0; i < size; i++) {
      flags[i] = new Flag();
    }
    for (int i = 1; i < size; i++) {
      int member = i;
      Thread thread =
          Thread.ofPlatform().daemon().name(name + "-" + i).unstarted(() -> serve(member));
      flags[i].thread = thread;
      thread.start();
    }
  }

  public int size() {
    return size;
  }

  /**
   * Runs a task on all members and returns when all are done.
   *
   * @throws RuntimeException or Error: what the first member to fail threw; the team stays usable
   */
  public void run(Task work) {
    if (closed) {
      throw new IllegalStateException("team: closed (expected: open)");
    }
    flags[0].thread = Thread.currentThread();
    arrived = 0;
    failure = null;
    task = work;
    running = size - 1;
    jobs++;
    job = jobs;
    wake(1);
    execute(work, 0);
    if (running > 0) {
      await(Event.END, 0, 0);
    }
    task = null;
    Throwable thrown = failure;
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Waits until every member of the running task has come here as often as {@code member} has. */
  public void sync(int member) {
    if (size == 1) {
      return;
    }
    int now = phase;
    if ((int) ARRIVED.getAndAdd(this, 1) == size - 1) {
      arrived = 0;
      phase = now + 1;
      wake(0);
    } else {
      await(Event.BARRIER, now, member);
    }
    if (failure != null) {
      throw new Broken();
    }
  }

  /** Ends the threads; a running task is finished first. */
  @Override
  public void close() {
    closed = true;
    wake(1);
  }

  private void serve(int member) {
    int seen = 0;
    while (true) {
      await(Event.JOB, seen, member);
      Task work = task;
      if (job == seen || work == null) {
        return; // closed
      }
      seen++;
      execute(work, member);
      if ((int) RUNNING.getAndAdd(this, -1) == 1) {
        wake(0);
      }
    }
  }

  private void execute(Task work, int member) {
    try {
      work.run(member);
    } catch (Broken e) {
      // the member that failed first has told
    } catch (RuntimeException | Error e) {
      if (failure == null) {
        failure = e;
      }
      wake(0);
    }
  }

  private boolean happened(Event event, int old) {
    return switch (event) {
      case JOB -> job != old || closed;
      case BARRIER -> phase != old || failure != null;
      case END -> running == 0;
    };
  }

  private void await(Event event, int old, int member) {
    long start = System.nanoTime();
    do {
      for (int i = 0; i < SPINS_PER_CLOCK; i++) {
        if (happened(event, old)) {
          return;
        }
        Thread.onSpinWait();
      }
    } while (System.nanoTime() - start < SPIN_NANOS);
    Flag flag = flags[member];
    flag.waiting = true; // before the last look: who makes it happen looks at the flag afterwards
    while (!happened(event, old)) {
      LockSupport.park(this);
    }
    flag.waiting = false;
  }

  private void wake(int from) {
    for (int i = from; i < size; i++) {
      if (flags[i].waiting) {
        LockSupport.unpark(flags[i].thread);
      }
    }
  }

  private static VarHandle handle(String field) {
    try {
      return MethodHandles.lookup().findVarHandle(Team.class, field, int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
