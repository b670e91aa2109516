package dev.ponder.engine;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelOptions;
import dev.ponder.engine.model.ModelShape;
import dev.ponder.engine.model.WorkCounters;
import dev.ponder.engine.schedule.Scheduler;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleConsumer;
import java.util.function.LongSupplier;

/**
 * A loaded model at work: any number of requests progress together, each with the bits it would
 * have alone. Thread-safe.
 */
public final class Engine implements AutoCloseable {
  private final GgufFile file;
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final Scheduler scheduler;
  private final EngineInfo info;

  private Engine(
      GgufFile file,
      LanguageModel model,
      Tokenizer tokenizer,
      Scheduler scheduler,
      EngineInfo info) {
    this.file = file;
    this.model = model;
    this.tokenizer = tokenizer;
    this.scheduler = scheduler;
    this.info = info;
  }

  /**
   * Loads a GGUF file and starts the engine's threads.
   *
   * @param progress hears the share of the work that is done, 0 to 1
   * @throws IOException if the file cannot be read
   * @throws EngineException MODEL_FILE_INVALID, UNSUPPORTED, OUT_OF_MEMORY, or INVALID_ARGUMENT if
   *     {@code kvBytes} is too small for a single page
   */
  public static Engine load(Path file, EngineOptions options, DoubleConsumer progress)
      throws IOException {
    return load(file, options, progress, System::nanoTime);
  }

  static Engine load(
      Path path, EngineOptions options, DoubleConsumer progress, LongSupplier nanoTime)
      throws IOException {
    GgufFile file = GgufFile.open(path);
    try {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      LanguageModel model =
          LanguageModel.load(
              file,
              ModelOptions.defaults()
                  .withThreads(options.threads())
                  .withTier(options.tier())
                  .withActivations(options.activations())
                  .withKvType(options.kvType())
                  .withProgress(progress));
      return start(file, model, tokenizer, options, nanoTime);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Engine start(
      GgufFile file,
      LanguageModel model,
      Tokenizer tokenizer,
      EngineOptions options,
      LongSupplier nanoTime) {
    try {
      KvPool pool = pool(model, options);
      try {
        String digest = file.sha256();
        Scheduler scheduler = new Scheduler(model, tokenizer, pool, options, nanoTime);
        EngineInfo info = info(model, pool, digest, scheduler.longest());
        return new Engine(file, model, tokenizer, scheduler, info);
      } catch (RuntimeException | Error e) {
        pool.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** A pool of the memory allowed, but not more than all sequences at full length can use. */
  private static KvPool pool(LanguageModel model, EngineOptions options) {
    long pageBytes;
    int pageTokens;
    try (KvPool probe = model.newKvPool(1)) {
      pageBytes = probe.pageBytes();
      pageTokens = probe.pageTokens();
    }
    long pages = options.kvBytes() / pageBytes;
    if (pages == 0) {
      throw EngineException.invalidArgument(
          "kvBytes", options.kvBytes(), "at least " + pageBytes + ", one page");
    }
    long longest = (model.shape().contextLength() + pageTokens - 1L) / pageTokens;
    return model.newKvPool((int) Math.min(pages, MOST_CONTEXTS * longest));
  }

  /** Room for as many full contexts is enough for any use, prefix cache included. */
  private static final long MOST_CONTEXTS = 256;

  private static EngineInfo info(LanguageModel model, KvPool pool, String digest, int context) {
    ModelShape shape = model.shape();
    return new EngineInfo(
        shape.name(),
        shape.architecture(),
        model.quantization(),
        digest,
        model.parameters(),
        context,
        shape.vocabulary(),
        model.activations().bits(),
        pool.type().label(),
        model.kernelDescription(),
        pool.pageTokens(),
        pool.pageBytes(),
        shape.ropeBase(),
        shape.ropeScale());
  }

  public EngineInfo info() {
    return info;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** The model file's metadata, among it the chat template. */
  public GgufMetadata metadata() {
    return file.metadata();
  }

  /**
   * Queues a request; its events come to {@code listener}.
   *
   * @throws EngineException QUEUE_FULL with {@link EngineException#retryAfterMillis};
   *     CONTEXT_TOO_LONG if prompt and {@code maxTokens} exceed {@link EngineInfo#contextLength};
   *     INVALID_ARGUMENT; CLOSED
   */
  public Generation submit(GenerationSpec spec, GenerationListener listener) {
    return scheduler.submit(spec, listener);
  }

  /**
   * Queues the scoring of 1 to 64 continuations of one prompt, whose prefill they share. Cancelling
   * the future gives it up.
   *
   * @throws EngineException as {@link #submit}
   */
  public CompletableFuture<ScoreResult> score(
      int[] prompt, List<int[]> continuations, Namespace namespace) {
    return scheduler.score(prompt, continuations, namespace);
  }

  public EngineStats stats() {
    return scheduler.stats();
  }

  /** The model's work so far: bytes passed over, passes, rows. */
  public WorkCounters work() {
    return model.counters();
  }

  /**
   * Ends all outstanding requests with CLOSED, then the threads, and frees the memory. Idempotent.
   * Not to be called by a listener.
   */
  @Override
  public void close() {
    scheduler.close();
    model.close();
    file.close();
  }
}
