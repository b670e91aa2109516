package dev.ponder.engine;

import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an engine runs a model. Only {@code activations} and {@code kvType} can change a result.
 *
 * @param threads threads that compute, 1 to 256
 * @param tier kernels to use; null: the best this machine has. Every tier gives the same bits
 * @param activations precision of the activations; null: by the model's size
 * @param kvType how keys and values are stored
 * @param kvBytes memory for keys and values
 * @param maxSequences sequences that run together, 1 to 256
 * @param maxQueued requests that may wait, 1 to 100,000
 * @param maxQueuedTokens prompt tokens that may wait; a single request may always wait alone
 * @param prefillChunk prompt rows in one step, 1 to 4096; fewer while others decode, so that no
 *     step takes long
 * @param prefixStore where prefixes outlive this engine; null: nowhere
 * @param fetchTimeout how long a request waits for the prefix store, besides {@link
 *     PrefixStore#PATIENCE_PER_TOKEN} for each token it may bring
 */
public record EngineOptions(
    int threads,
    @Nullable KernelTier tier,
    @Nullable ActivationPrecision activations,
    KvType kvType,
    long kvBytes,
    int maxSequences,
    int maxQueued,
    int maxQueuedTokens,
    int prefillChunk,
    @Nullable PrefixStore prefixStore,
    Duration fetchTimeout) {
  private static final long DEFAULT_KV_BYTES = 1L << 30;
  private static final Duration LONGEST_FETCH = Duration.ofMinutes(1);

  public EngineOptions {
    Ranges.check("threads", threads, 1, 256);
    Ranges.check("kvBytes", kvBytes, 1, Long.MAX_VALUE);
    Ranges.check("maxSequences", maxSequences, 1, 256);
    Ranges.check("maxQueued", maxQueued, 1, 100_000);
    Ranges.check("maxQueuedTokens", maxQueuedTokens, 1, Integer.MAX_VALUE);
    Ranges.check("prefillChunk", prefillChunk, 1, 4096);
    if (fetchTimeout.isNegative() || fetchTimeout.compareTo(LONGEST_FETCH) > 0) {
      throw EngineException.invalidArgument(
          "fetchTimeout", fetchTimeout, "between 0 and " + LONGEST_FETCH);
    }
  }

  /** One thread a core, best kernels, 1 GiB of KV, 32 sequences, 64 waiting requests. */
  public static EngineOptions defaults() {
    return new EngineOptions(
        Math.min(256, Runtime.getRuntime().availableProcessors()),
        null,
        null,
        KvType.F16,
        DEFAULT_KV_BYTES,
        32,
        64,
        1 << 18,
        128,
        null,
        Duration.ofMillis(200));
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(
        value,
        tier,
        activations,
        kvType,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withTier(@Nullable KernelTier value) {
    return new EngineOptions(
        threads,
        value,
        activations,
        kvType,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withActivations(@Nullable ActivationPrecision value) {
    return new EngineOptions(
        threads,
        tier,
        value,
        kvType,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withKvType(KvType value) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        value,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withKvBytes(long value) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        kvType,
        value,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withMaxSequences(int value) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        kvType,
        kvBytes,
        value,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  /** Limits of the queue: requests, and prompt tokens of all of them. */
  public EngineOptions withQueue(int requests, int tokens) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        kvType,
        kvBytes,
        maxSequences,
        requests,
        tokens,
        prefillChunk,
        prefixStore,
        fetchTimeout);
  }

  public EngineOptions withPrefillChunk(int value) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        kvType,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        value,
        prefixStore,
        fetchTimeout);
  }

  /** The store, and how long a request waits for it at most. */
  public EngineOptions withPrefixStore(@Nullable PrefixStore store, Duration timeout) {
    return new EngineOptions(
        threads,
        tier,
        activations,
        kvType,
        kvBytes,
        maxSequences,
        maxQueued,
        maxQueuedTokens,
        prefillChunk,
        store,
        timeout);
  }
}
