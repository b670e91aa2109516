package dev.ponder.model;

import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * {@code ponder.model.*}: which models are hosted, and how.
 *
 * @param dir folder of {@code <id>.gguf} files
 * @param load ids loaded at start
 * @param threads threads an engine computes with; 0: one a core
 * @param kernels {@code auto} or the name of a {@link KernelTier}; all give the same bits
 * @param activationBits 8 or 16; 0: by the model's size
 * @param kv how keys and values are stored: {@code f16} or {@code int8}, in half the memory
 * @param kvBytes memory for keys and values of each model
 * @param maxSequences sequences of a model that run together
 * @param maxQueued requests that may wait for a model
 * @param maxQueuedTokens prompt tokens that may wait for a model
 * @param prefillChunk prompt rows in one step
 * @param maxLoaded models loaded at a time
 * @param loadWait how long a request waits for a model that it caused to be loaded
 * @param drain how long requests may go on when their model is unloaded
 * @param cacheWait how long a request waits for prefixes from the cache-service, besides a
 *     millisecond for each token they may hold
 * @param warmUp whether a model generates once for nobody before it counts as ready
 * @param maxUnreadEvents events a client may leave unread before its request is given up
 */
@ConfigurationProperties("ponder.model")
public record ModelProperties(
    Path dir,
    @DefaultValue List<String> load,
    @DefaultValue("0") int threads,
    @DefaultValue("auto") String kernels,
    @DefaultValue("0") int activationBits,
    @DefaultValue("f16") String kv,
    @DefaultValue("1GB") DataSize kvBytes,
    @DefaultValue("32") int maxSequences,
    @DefaultValue("64") int maxQueued,
    @DefaultValue("262144") int maxQueuedTokens,
    @DefaultValue("128") int prefillChunk,
    @DefaultValue("4") int maxLoaded,
    @DefaultValue("60s") Duration loadWait,
    @DefaultValue("20s") Duration drain,
    @DefaultValue("200ms") Duration cacheWait,
    @DefaultValue("true") boolean warmUp,
    @DefaultValue("32768") int maxUnreadEvents) {
  private static final List<String> KERNELS =
      Stream.concat(Stream.of("auto"), Arrays.stream(KernelTier.values()).map(KernelTier::name))
          .map(name -> name.toLowerCase(Locale.ROOT))
          .toList();
  private static final List<String> KV_TYPES =
      Arrays.stream(KvType.values()).map(KvType::label).toList();

  public ModelProperties {
    kernels = kernels.toLowerCase(Locale.ROOT);
    kv = kv.toLowerCase(Locale.ROOT);
    load = load.stream().map(String::strip).filter(id -> !id.isEmpty()).toList();
    check("threads", threads, threads >= 0 && threads <= 256, "0 to 256");
    check("kernels", kernels, KERNELS.contains(kernels), "one of " + KERNELS);
    check(
        "activation-bits", activationBits, List.of(0, 8, 16).contains(activationBits), "0, 8, 16");
    check("kv", kv, KV_TYPES.contains(kv), "one of " + KV_TYPES);
    check("kv-bytes", kvBytes, kvBytes.toBytes() > 0, "more than 0");
    check("max-sequences", maxSequences, maxSequences > 0 && maxSequences <= 256, "1 to 256");
    check("max-queued", maxQueued, maxQueued > 0 && maxQueued <= 100_000, "1 to 100000");
    check("max-queued-tokens", maxQueuedTokens, maxQueuedTokens > 0, "1 or more");
    check("prefill-chunk", prefillChunk, prefillChunk > 0 && prefillChunk <= 4096, "1 to 4096");
    check("max-loaded", maxLoaded, maxLoaded > 0, "1 or more");
    check("load-wait", loadWait, !loadWait.isNegative(), "0 or more");
    check("drain", drain, !drain.isNegative(), "0 or more");
    check("cache-wait", cacheWait, !cacheWait.isNegative(), "0 or more");
    check("max-unread-events", maxUnreadEvents, maxUnreadEvents >= 64, "64 or more");
  }

  private static void check(String name, Object value, boolean valid, String rule) {
    if (!valid) {
      throw new IllegalArgumentException(
          "ponder.model." + name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
