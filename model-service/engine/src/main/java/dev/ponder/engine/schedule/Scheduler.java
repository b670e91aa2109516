package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.prefix.PrefixIndex;
import dev.ponder.engine.sample.Sampler;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The step loop: takes requests, gives their sequences places, computes a step, draws tokens from
 * its logits, and ends what has finished, again and again.
 *
 * <p>{@link #submit}, {@link #score}, {@link #stats} and {@link #close} are thread-safe; all state
 * is owned by one thread, which callers reach through commands and which parks when there is
 * nothing to do.
 */
public final class Scheduler implements AutoCloseable {
  private static final int MOST_CONTINUATIONS = 64;

  private final LongSupplier nanoTime;
  private final KvPool pool;
  private final PrefixIndex index;
  private final Offers offers;
  private final Decoding decoding;
  private final Counters counters = new Counters();
  private final RunningTasks running;
  private final Statistics statistics;
  private final Admission admission;
  private final PrefixFetches fetches;
  private final Intake intake;
  private final Endings endings;
  private final Steps steps;
  private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private final Object lifecycle = new Object();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Starts the loop.
   *
   * @param pool closed by {@link #close}; the model is not
   */
  public Scheduler(
      LanguageModel model,
      Tokenizer tokenizer,
      KvPool pool,
      EngineOptions options,
      LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.pool = pool;
    this.index = new PrefixIndex(pool);
    this.offers = new Offers(options.prefixStore(), pool);
    int vocabulary = Math.min(model.shape().vocabulary(), tokenizer.vocabularySize());
    long pooled = (long) pool.totalPages() * pool.pageTokens();
    int longest = (int) Math.min(model.shape().contextLength(), pooled);
    this.decoding = new Decoding(new Sampler(vocabulary), tokenizer, vocabulary, longest, counters);
    int sequences = options.maxSequences();
    Rates rates = new Rates();
    this.running = new RunningTasks(pool, index, offers, sequences, counters);
    this.statistics = new Statistics(pool, index, running, sequences, counters, rates);
    this.admission =
        new Admission(options.maxQueued(), options.maxQueuedTokens(), statistics::retryAfterMillis);
    this.fetches = new PrefixFetches(options, pool, running, counters, nanoTime, commands::add);
    this.intake = new Intake(admission, running, fetches, counters, nanoTime);
    this.endings = new Endings(running, statistics, counters, nanoTime);
    StepPlan plan = new StepPlan(model, options, pool, running, rates);
    this.steps = new Steps(model, plan, running, offers, endings, counters, rates, nanoTime);
    this.thread = new Thread(this::run, "ponder-scheduler");
    thread.setDaemon(true);
    thread.start();
  }

  /** Tokens that prompt and continuation may have together. */
  public int longest() {
    return decoding.longest();
  }

  /**
   * Queues a request.
   *
   * @throws EngineException QUEUE_FULL, CONTEXT_TOO_LONG if it could never fit, INVALID_ARGUMENT,
   *     CLOSED
   */
  public Generation submit(GenerationSpec spec, GenerationListener listener) {
    checkTokens("prompt", spec.prompt());
    checkLength(spec.prompt().length, Math.max(1, spec.maxTokens()));
    for (int id : spec.sampler().logitBias().keySet()) {
      checkToken("logit_bias", id);
    }
    GenerationTask task =
        new GenerationTask(spec, listener, decoding, nanoTime.getAsLong(), this::wake);
    enqueue(task);
    return task;
  }

  /**
   * Queues the scoring of continuations of one prompt. Cancelling the future gives it up.
   *
   * @throws EngineException as {@link #submit}
   */
  public CompletableFuture<ScoreResult> score(
      int[] prompt, List<int[]> continuations, Namespace namespace) {
    if (continuations.isEmpty() || continuations.size() > MOST_CONTINUATIONS) {
      throw EngineException.invalidArgument(
          "continuations", continuations.size(), "1 to " + MOST_CONTINUATIONS);
    }
    if (prompt.length == 0) {
      throw EngineException.invalidArgument("prompt", "empty", "at least one token");
    }
    checkTokens("prompt", prompt);
    List<int[]> copies = new ArrayList<>();
    for (int[] continuation : continuations) {
      if (continuation.length == 0) {
        throw EngineException.invalidArgument("continuation", "empty", "at least one token");
      }
      checkTokens("continuation", continuation);
      checkLength(prompt.length, continuation.length);
      copies.add(continuation.clone());
    }
    ScoreTask task =
        new ScoreTask(
            namespace,
            prompt.clone(),
            copies,
            decoding.vocabulary(),
            nanoTime.getAsLong(),
            this::wake);
    CompletableFuture<ScoreResult> result = task.result();
    enqueue(task);
    return result;
  }

  public EngineStats stats() {
    return statistics.stats(admission);
  }

  /**
   * Ends all outstanding requests with CLOSED, waits for the loop to end, and frees the pages.
   * Idempotent. Not to be called by a listener, which runs on the loop's thread.
   */
  @Override
  public void close() {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException("close: called by a listener (expected: another thread)");
    }
    synchronized (lifecycle) {
      closed = true;
      commands.add(() -> {});
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs a command between two steps; one that it gives itself runs after the next step. */
  void execute(Runnable command) {
    commands.add(command);
  }

  /** The pages held for prompts to come; for commands. */
  PrefixIndex index() {
    return index;
  }

  private void checkTokens(String name, int[] tokens) {
    for (int token : tokens) {
      checkToken(name, token);
    }
  }

  private void checkToken(String name, int token) {
    if (token < 0 || token >= decoding.vocabulary()) {
      throw EngineException.invalidArgument(
          name + " token", token, "0 to " + (decoding.vocabulary() - 1));
    }
  }

  private void checkLength(int promptTokens, int more) {
    if ((long) promptTokens + more > decoding.longest()) {
      throw new EngineException(
          Kind.CONTEXT_TOO_LONG,
          "prompt and continuation: %d + %d tokens (expected: at most %d together)"
              .formatted(promptTokens, more, decoding.longest()));
    }
  }

  private void enqueue(Task task) {
    synchronized (lifecycle) {
      if (closed) {
        throw closedError();
      }
      admission.enter(task.queuedTokens());
      commands.add(() -> intake.add(task));
    }
  }

  private void wake(Task task) {
    commands.add(() -> {}); // the loop sees the task's flag before its next step
  }

  private static EngineException closedError() {
    return new EngineException(Kind.CLOSED, "engine: closed (expected: open)");
  }

  // ---- the loop ----

  private void run() {
    while (!closed) {
      turn();
    }
    for (Task task : List.copyOf(running.tasks())) {
      endings.fail(task, closedError());
    }
    drainCommands(); // submitted before the flag was seen
    intake.drain(task -> endings.fail(task, closedError()));
    offers.drop();
    index.clear();
    statistics.publish();
    pool.close();
  }

  private void turn() {
    try {
      drainCommands();
      intake.sweepCancelled();
      endings.sweepCancelled();
      fetches.expire();
      intake.startBranches();
      boolean worked = steps.step();
      counters.offeredPages += offers.send();
      worked |= !offers.isEmpty();
      statistics.publish();
      if (!worked && !closed) { // the command that close() gives may have been drained above
        park();
      }
    } catch (Throwable e) {
      // One step's failure must not end the thread that every request depends on.
      endings.failRunning(e);
    }
  }

  /** Runs what has come; what comes meanwhile has its turn after the next step. */
  private void drainCommands() {
    for (int left = commands.size(); left > 0; left--) {
      Runnable command = commands.poll();
      if (command != null) {
        command.run();
      }
    }
  }

  /** Waits for a command, or until the next request gives up waiting for the prefix store. */
  private void park() {
    long nanos = fetches.nanosLeft();
    try {
      Runnable command =
          nanos == Long.MAX_VALUE ? commands.take() : commands.poll(nanos, TimeUnit.NANOSECONDS);
      if (command != null) {
        command.run();
      }
    } catch (InterruptedException e) {
      // Nobody has business interrupting this thread; close() ends it.
    }
  }
}
