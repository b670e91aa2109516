package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.PrefixStore;
import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.prefix.PrefixIndex;
import dev.ponder.engine.sample.Sampler;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The step loop. Each step computes one row for every sequence that decodes and a bounded number of
 * prompt rows, oldest request first, then draws tokens from the logits. Rows are batched as they
 * come, since a row's bits depend on nothing but its own tokens.
 *
 * <p>Pages are taken when they are needed. When none is left, cached prefixes go first, then the
 * youngest sequence gives its pages up; its tokens are kept and its KV is computed again when there
 * is room, with the same bits. A sequence takes pages from younger ones only and waits otherwise,
 * so the oldest always gets on.
 *
 * <p>{@link #submit}, {@link #score}, {@link #stats} and {@link #close} are thread-safe; all state
 * is owned by one thread, which callers reach through commands and which parks when there is
 * nothing to do.
 */
public final class Scheduler implements AutoCloseable {
  /** Rows beyond one a sequence that may ask for logits in a step: scoring reads every row. */
  private static final int SPARE_LOGITS = 16;

  private static final int MOST_CONTINUATIONS = 64;

  private final LanguageModel model;
  private final EngineOptions options;
  private final LongSupplier nanoTime;
  private final @Nullable PrefixStore store;
  private final KvPool pool;
  private final PrefixIndex index;
  private final @Nullable Offers offers;
  private final Batch batch;
  private final int spareLogits;
  private final Decoding decoding;
  private final Counters counters = new Counters();
  private final Rates rates = new Rates();
  private final Admission admission;
  private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private final WaitingList waiting = new WaitingList();
  private final List<Task> active = new ArrayList<>();
  private final List<LogitRow> logitRows = new ArrayList<>();
  private final List<Branch> prefilled = new ArrayList<>();
  private final Object lifecycle = new Object();
  private final Thread thread;
  private volatile Snapshot snapshot;
  private volatile boolean closed;
  private int live;
  private int prefillRows;

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
    this.model = model;
    this.options = options;
    this.nanoTime = nanoTime;
    this.store = options.prefixStore();
    this.pool = pool;
    this.index = new PrefixIndex(pool);
    this.offers = store == null ? null : new Offers(store, pool);
    int sequences = options.maxSequences();
    this.spareLogits = Math.min(SPARE_LOGITS, options.prefillChunk());
    this.batch = model.newBatch(sequences + options.prefillChunk(), sequences + spareLogits);
    int vocabulary = Math.min(model.shape().vocabulary(), tokenizer.vocabularySize());
    long pooled = (long) pool.totalPages() * pool.pageTokens();
    int longest = (int) Math.min(model.shape().contextLength(), pooled);
    this.decoding = new Decoding(new Sampler(vocabulary), tokenizer, vocabulary, longest, counters);
    this.admission =
        new Admission(options.maxQueued(), options.maxQueuedTokens(), this::retryAfterMillis);
    this.snapshot = snapshot();
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
        retryAfterMillis());
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
      commands.add(() -> waiting.add(task));
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
    for (Task task : List.copyOf(active)) {
      fail(task, closedError());
    }
    drainCommands(); // submitted before the flag was seen
    for (Task task : waiting.removeIf(any -> true)) {
      admission.leave(task.queuedTokens());
      fail(task, closedError());
    }
    if (offers != null) {
      offers.drop();
    }
    index.clear();
    snapshot = snapshot();
    pool.close();
  }

  private void turn() {
    try {
      drainCommands();
      sweepCancelled();
      expireFetches();
      startBranches();
      boolean worked = step();
      if (offers != null) {
        counters.offeredPages += offers.send();
        worked |= !offers.isEmpty();
      }
      snapshot = snapshot();
      if (!worked && !closed) { // the command that close() gives may have been drained above
        park();
      }
    } catch (Throwable e) {
      // One step's failure must not end the thread that every request depends on.
      failActive(e);
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
    long deadline = Long.MAX_VALUE;
    long now = nanoTime.getAsLong();
    for (Task task : active) {
      if (task.fetch != null) {
        deadline = Math.min(deadline, Math.max(0, task.fetch.deadlineNanos - now));
      }
    }
    try {
      Runnable command =
          deadline == Long.MAX_VALUE
              ? commands.take()
              : commands.poll(deadline, TimeUnit.NANOSECONDS);
      if (command != null) {
        command.run();
      }
    } catch (InterruptedException e) {
      // Nobody has business interrupting this thread; close() ends it.
    }
  }

  private void sweepCancelled() {
    for (Task task : waiting.removeIf(Task::cancelled)) {
      admission.leave(task.queuedTokens());
      counters.cancellations++;
    }
    for (int i = active.size() - 1; i >= 0; i--) {
      if (active.get(i).cancelled()) {
        counters.cancellations++;
        release(active.get(i));
      }
    }
  }

  // ---- starting ----

  /** Gives sequences a place: those that lost theirs first, then requests from the queue. */
  private void startBranches() {
    for (Task task : active) {
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
      active.add(task);
    }
  }

  /** Finds the KV there is of a branch; false if there is no place or not room enough for it. */
  private boolean start(Branch branch) {
    if (live >= options.maxSequences()) {
      return false;
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
      return false;
    }
    branch.sequence = sequence;
    live++;
    if (!task.scheduled) {
      schedule(task, sequence);
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
    int from = sequence.pageCount();
    int most = (task.prompt.length - 1) / pool.pageTokens();
    counters.prefixQueries++;
    counters.prefixHits += from > 0 ? 1 : 0;
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
    Duration patience = PrefixStore.patience(options.fetchTimeout(), pages * pool.pageTokens());
    Task.Fetch fetch = new Task.Fetch(future, page, now, now + patience.toNanos());
    CompletableFuture<List<byte[]>> _ =
        future.whenComplete((payloads, error) ->
            commands.add(() -> fetched(task, fetch, error == null ? payloads : List.of())));
    return fetch;
  }

  private void expireFetches() {
    long now = nanoTime.getAsLong();
    for (Task task : active) {
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
    extend(branch, sequence);
    int most = Math.min(knownPages(branch), fetch.fromPage + payloads.size());
    boolean valid = sequence.pageCount() >= fetch.fromPage;
    while (valid && sequence.pageCount() < most) {
      byte[] payload = payloads.get(sequence.pageCount() - fetch.fromPage);
      valid = payload.length == pool.pageBytes() && load(branch, sequence, payload);
    }
    index.insert(task.namespace, branch.tokens(), sequence.pageCount(), sequence);
  }

  private boolean load(Branch branch, KvSequence sequence, byte[] payload) {
    int page = pool.allocate();
    while (page < 0 && makeRoom(branch)) {
      page = pool.allocate();
    }
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

  /** Full pages that may be taken over: at least the first position of interest is computed. */
  private int knownPages(Branch branch) {
    return branch.firstWanted() / pool.pageTokens();
  }

  private int pages(int tokens) {
    return (tokens + pool.pageTokens() - 1) / pool.pageTokens();
  }

  // ---- a step ----

  /** Computes one batch; false if no sequence can run. */
  private boolean step() {
    plan();
    if (batch.rows() == 0) {
      return false;
    }
    long begin = nanoTime.getAsLong();
    model.forward(batch);
    counters.steps++;
    counters.rows += batch.rows();
    rates.record(prefillRows, batch.rows() - prefillRows, nanoTime.getAsLong() - begin);
    for (Branch branch : prefilled) {
      keep(branch);
    }
    for (LogitRow row : logitRows) {
      draw(row);
    }
    retireFinished();
    return true;
  }

  private void plan() {
    batch.clear();
    logitRows.clear();
    prefilled.clear();
    prefillRows = 0;
    int budget = PrefillBudget.rows(options.prefillChunk(), anyDecodes(), rates.prefillPerSecond());
    int spare = spareLogits;
    int runnable = 0;
    for (Task task : active) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence == null || task.fetch != null) {
          continue;
        }
        runnable++;
        boolean decodes = branch.feedLength() - sequence.length() == 1;
        if (!decodes) {
          extend(branch, sequence);
        }
        int rows = Math.min(rowsWanted(branch, sequence, spare), decodes ? 1 : budget);
        rows = withPages(branch, sequence, rows);
        int logits = add(branch, sequence, rows);
        spare -= Math.max(0, logits - 1);
        if (!decodes && rows > 0) {
          budget -= rows;
          prefillRows += rows;
          prefilled.add(branch);
        }
      }
    }
    if (runnable > 0 && batch.rows() == 0 && active.stream().allMatch(task -> task.fetch == null)) {
      throw new IllegalStateException("no sequence gets on: " + pool.freePages() + " free pages");
    }
  }

  private boolean anyDecodes() {
    for (Task task : active) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence != null && task.started && branch.feedLength() - sequence.length() == 1) {
          return true;
        }
      }
    }
    return false;
  }

  /** Takes over pages that others have computed in the meantime. */
  private void extend(Branch branch, KvSequence sequence) {
    Task task = branch.task;
    boolean fullPages = sequence.length() == sequence.pageCount() * pool.pageTokens();
    if (task.useCache && fullPages && sequence.pageCount() < knownPages(branch)) {
      int adopted = index.adopt(task.namespace, branch.tokens(), knownPages(branch), sequence);
      if (!task.started) {
        task.cachedTokens += adopted * pool.pageTokens();
      }
    }
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

  /** Gets pages for as many of the rows as possible. */
  private int withPages(Branch branch, KvSequence sequence, int rows) {
    while (rows > 0 && !sequence.ensure(sequence.length() + rows)) {
      if (!makeRoom(branch)) {
        return Math.min(rows, sequence.pageCount() * pool.pageTokens() - sequence.length());
      }
    }
    return rows;
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

  /** Frees at least one page for a branch; false if only it and older ones have any. */
  private boolean makeRoom(Branch branch) {
    if (index.evict() || (offers != null && offers.drop()) || releaseIdleTrunk()) {
      return true;
    }
    for (int t = active.size() - 1; t >= 0; t--) {
      List<Branch> branches = active.get(t).branches;
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
    for (int t = active.size() - 1; t >= 0; t--) {
      Task task = active.get(t);
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
    abandonFetch(branch.task);
  }

  /** Keeps a branch's full pages for requests to come. */
  private void keep(Branch branch) {
    KvSequence sequence = branch.sequence;
    if (branch.task.useCache && sequence != null) {
      int full = sequence.length() / pool.pageTokens();
      index.insert(branch.task.namespace, branch.tokens(), full, sequence);
    }
  }

  private void draw(LogitRow row) {
    Task task = row.branch.task;
    if (task.done() || row.branch.finished()) {
      return;
    }
    try {
      float[] logits = batch.logits(row.slot);
      if (task.started) {
        row.branch.accept(row.position, logits);
      } else {
        beginDecoding(row.branch, row.position, logits);
      }
    } catch (EngineException e) {
      fail(task, e);
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
    offer(task, sequence);
    if (task.branches.size() > 1) {
      fork(task, sequence);
    }
  }

  private void offer(Task task, KvSequence sequence) {
    if (offers != null && task.useCache) {
      for (int page = 0; page < task.prompt.length / pool.pageTokens(); page++) {
        offers.add(task.namespace, task.prompt, page, sequence);
      }
    }
  }

  /** Gives each branch a sequence of its own as far as there is room; the others start later. */
  private void fork(Task task, KvSequence sequence) {
    int full = sequence.length() / pool.pageTokens();
    task.trunk = new int[full];
    for (int i = 0; i < full; i++) {
      task.trunk[i] = sequence.page(i);
      pool.retain(task.trunk[i]);
    }
    for (Branch branch : task.branches) {
      if (branch.sequence == null && !branch.finished()) {
        boolean page = pool.freePages() > 0 || index.evict();
        if (!page || live >= options.maxSequences()) {
          return;
        }
        branch.sequence = sequence.fork();
        live++;
      }
    }
  }

  // ---- ending ----

  private void retireFinished() {
    for (Task task : List.copyOf(active)) {
      boolean all = true;
      for (Branch branch : task.branches) {
        all &= branch.finished();
        if (branch.finished() && branch.sequence != null) {
          keep(branch);
          closeSequence(branch);
        }
      }
      if (all && !task.cancelled()) {
        counters.completed++;
        release(task);
        snapshot = snapshot(); // whoever hears of the end finds it in the statistics
        task.onComplete(nanoTime.getAsLong());
      }
    }
  }

  private void failActive(Throwable cause) {
    EngineException error =
        cause instanceof EngineException known
            ? known
            : new EngineException(
                cause instanceof OutOfMemoryError ? Kind.OUT_OF_MEMORY : Kind.INTERNAL,
                "step: failed with " + cause,
                cause);
    for (Task task : List.copyOf(active)) {
      fail(task, error);
    }
  }

  private void fail(Task task, EngineException error) {
    counters.failed++;
    release(task);
    snapshot = snapshot();
    task.onError(error);
  }

  /** Returns all a task holds. */
  private void release(Task task) {
    abandonFetch(task);
    for (Branch branch : task.branches) {
      if (branch.sequence != null) {
        closeSequence(branch);
      }
    }
    releaseTrunk(task);
    active.remove(task);
    task.end();
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

  private static void abandonFetch(Task task) {
    Task.Fetch fetch = task.fetch;
    task.fetch = null;
    if (fetch != null) {
      fetch.future.cancel(true);
    }
  }

  // ---- numbers ----

  /** The time to compute what is queued, at the measured rate; a second if there is none yet. */
  private long retryAfterMillis() {
    double rate = rates.prefillPerSecond();
    Snapshot now = snapshot;
    double seconds = rate == 0 ? 1 : (admission.tokens() + now.pendingRows) / rate;
    double decode = rates.decodePerSecond();
    if (decode > 0 && now.running >= options.maxSequences()) {
      seconds += now.soonestEnd * now.running / decode;
    }
    return (long) Math.clamp(seconds * 1000, 100, 60_000);
  }

  private Snapshot snapshot() {
    long pending = 0;
    int soonest = Integer.MAX_VALUE;
    for (Task task : active) {
      for (Branch branch : task.branches) {
        KvSequence sequence = branch.sequence;
        if (sequence != null) {
          pending += branch.feedLength() - sequence.length();
          soonest = Math.min(soonest, branch.mostTokensLeft());
        }
      }
    }
    return new Snapshot(
        live,
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

  /** Logits wanted of the step being computed. */
  private record LogitRow(Branch branch, int position, int slot) {}

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
