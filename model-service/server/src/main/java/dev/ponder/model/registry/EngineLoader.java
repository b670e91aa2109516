package dev.ponder.model.registry;

import dev.ponder.engine.Engine;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.EngineOptions;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.model.ModelProperties;
import dev.ponder.model.kv.ModelPrefixStore;
import dev.ponder.model.kv.PrefixStores;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads models into {@link Engine}s of their own. */
final class EngineLoader implements ModelLoader {
  private static final Logger LOG = LoggerFactory.getLogger(EngineLoader.class);

  private final EngineOptions options;
  private final Optional<PrefixStores> stores;
  private final ModelProperties properties;
  private final Clock clock;

  EngineLoader(ModelProperties properties, Optional<PrefixStores> stores, Clock clock) {
    this.properties = properties;
    this.options = options(properties);
    this.stores = stores;
    this.clock = clock;
  }

  private static EngineOptions options(ModelProperties properties) {
    EngineOptions options =
        EngineOptions.defaults()
            .withTier(tier(properties.kernels()))
            .withActivations(activations(properties.activationBits()))
            .withKvType(KvType.labelled(properties.kv()))
            .withKvBytes(properties.kvBytes().toBytes())
            .withMaxSequences(properties.maxSequences())
            .withQueue(properties.maxQueued(), properties.maxQueuedTokens())
            .withPrefillChunk(properties.prefillChunk());
    return properties.threads() == 0 ? options : options.withThreads(properties.threads());
  }

  private static @Nullable KernelTier tier(String name) {
    return name.equals("auto") ? null : KernelTier.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static @Nullable ActivationPrecision activations(int bits) {
    return bits == 0 ? null : ActivationPrecision.valueOf("BITS" + bits);
  }

  @Override
  public LoadedModel load(String id, Path file, DoubleConsumer progress) throws IOException {
    ModelPrefixStore store = stores.map(PrefixStores::open).orElse(null);
    try {
      EngineOptions chosen =
          store == null ? options : options.withPrefixStore(store, properties.cacheWait());
      Engine engine = Engine.load(file, chosen, progress);
      try {
        EngineInfo info = engine.info();
        if (store != null) {
          store.bind(info, engine.tokenizer().digest());
        }
        PromptEncoder prompts =
            PromptEncoder.of(engine.tokenizer(), engine.metadata(), info.contextLength(), clock);
        LOG.info(
            "model {}: {} {}, {} parameters, context {}, activations {} bits, KV {}; kernels: {}",
            id,
            info.architecture(),
            info.quantization(),
            info.parameters(),
            info.contextLength(),
            info.activationBits(),
            info.kvType(),
            info.kernels());
        if (properties.warmUp()) {
          WarmUp.run(engine);
        }
        prompts.templateProblem().ifPresent(why -> LOG.warn("model {}: {}", id, why));
        return new EngineModel(engine, prompts, store);
      } catch (RuntimeException | Error e) {
        engine.close();
        throw e;
      }
    } catch (IOException | RuntimeException | Error e) {
      if (store != null) {
        store.close();
      }
      throw e;
    }
  }

  private record EngineModel(Engine engine, PromptEncoder prompts, @Nullable ModelPrefixStore store)
      implements LoadedModel {
    @Override
    public EngineInfo info() {
      return engine.info();
    }

    @Override
    public Generation submit(GenerationSpec spec, GenerationListener listener) {
      return engine.submit(spec, listener);
    }

    @Override
    public CompletableFuture<ScoreResult> score(
        int[] prompt, List<int[]> continuations, Namespace namespace) {
      return engine.score(prompt, continuations, namespace);
    }

    @Override
    public EngineStats stats() {
      return engine.stats();
    }

    @Override
    public void close() {
      engine.close();
      if (store != null) {
        store.close();
      }
    }
  }
}
