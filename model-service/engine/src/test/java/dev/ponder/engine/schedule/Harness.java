package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.PrefixStore;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelOptions;
import dev.ponder.engine.sample.SamplerSettings;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A scheduler over a small random model, with a clock that stands still. */
final class Harness implements AutoCloseable {
  static final Namespace ALICE = new Namespace("alice");
  static final Namespace BOB = new Namespace("bob");

  /** Tokens of the random model's context. */
  static final int CONTEXT = 256;

  /** Enough for anything a test does. */
  static final int MANY_PAGES = 200;

  private static final int LONGEST_TEST_SECONDS = 60;
  private static @Nullable Loaded loaded;

  final HookedModel model;
  final Tokenizer tokenizer;
  final KvPool pool;
  final Scheduler scheduler;
  final AtomicLong clock = new AtomicLong();

  Harness(int pages, EngineOptions options) {
    Loaded shared = loaded();
    model = new HookedModel(shared.model);
    tokenizer = shared.tokenizer;
    pool = model.newKvPool(pages);
    scheduler = new Scheduler(model, tokenizer, pool, options, clock::get);
  }

  static Harness of() {
    return new Harness(MANY_PAGES, options());
  }

  static Harness of(PrefixStore store) {
    return new Harness(MANY_PAGES, options().withPrefixStore(store, Duration.ofMillis(200)));
  }

  static EngineOptions options() {
    return EngineOptions.defaults().withThreads(1);
  }

  /** A request that runs its full length and reports log-probabilities. */
  static GenerationSpec.Builder spec(int maxTokens, int... prompt) {
    return GenerationSpec.of(ALICE, prompt)
        .maxTokens(maxTokens)
        .ignoreEos(true)
        .topLogprobs(2)
        .sampler(SamplerSettings.NEUTRAL.withSeed(7));
  }

  /** Random ids, no control tokens. */
  static int[] prompt(int length, long seed) {
    return new SplittableRandom(seed).ints(length, 3, 250).toArray();
  }

  Recorder submit(GenerationSpec.Builder spec) {
    Recorder recorder = new Recorder();
    submit(spec, recorder);
    return recorder;
  }

  Generation submit(GenerationSpec.Builder spec, GenerationListener listener) {
    return scheduler.submit(spec.build(), listener);
  }

  /** Runs one request to its end. */
  Recorder run(GenerationSpec.Builder spec) {
    Recorder recorder = submit(spec);
    recorder.stats();
    return recorder;
  }

  /** Runs one request on a scheduler of its own. */
  static Recorder alone(GenerationSpec.Builder spec) {
    try (Harness harness = of()) {
      return harness.run(spec);
    }
  }

  /** Waits until all calls made so far have taken effect and a turn of the loop has followed. */
  void barrier() {
    CompletableFuture<Boolean> reached = new CompletableFuture<>();
    scheduler.execute(() -> scheduler.execute(() -> reached.complete(true)));
    await(reached);
  }

  EngineStats stats() {
    barrier();
    return scheduler.stats();
  }

  /** Gives up the prefix index, then returns the pages that are still not free. */
  int leakedPages() {
    CompletableFuture<Integer> used = new CompletableFuture<>();
    barrier();
    scheduler.execute(() -> {
      scheduler.index().clear();
      used.complete(pool.totalPages() - pool.freePages());
    });
    return await(used);
  }

  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(LONGEST_TEST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    scheduler.close();
  }

  private static synchronized Loaded loaded() {
    if (loaded == null) {
      try {
        Path path = Files.createTempFile("random", ".gguf");
        path.toFile().deleteOnExit();
        GgufFile file = GgufFile.open(new RandomLlama().contextLength(CONTEXT).writeTo(path));
        loaded =
            new Loaded(
                LanguageModel.load(file, ModelOptions.defaults().withThreads(1)),
                Tokenizer.of(file.metadata()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return loaded;
  }

  /** One model for all tests: it keeps no state between them. */
  private record Loaded(LanguageModel model, Tokenizer tokenizer) {}
}
