package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How to load a model.
 *
 * @param threads members of the team that computes, the caller of forward included, 1 to 256
 * @param tier kernels to use, or null for the fastest that work here
 * @param activations precision of quantised activations, or null for the model's default
 * @param kvType how keys and values are stored
 * @param progress hears the share of the weights that is loaded, 0 to 1
 * @param log hears one line about the kernels chosen
 */
public record ModelOptions(
    int threads,
    @Nullable KernelTier tier,
    @Nullable ActivationPrecision activations,
    KvType kvType,
    DoubleConsumer progress,
    Consumer<String> log) {

  public ModelOptions {
    if (threads < 1 || threads > 256) {
      throw EngineException.invalidArgument("threads", threads, "1 to 256");
    }
  }

  /**
   * One thread a core, the best kernels, the model's own precision, keys and values in half floats;
   * silent.
   */
  public static ModelOptions defaults() {
    int cores = Math.min(256, Runtime.getRuntime().availableProcessors());
    return new ModelOptions(cores, null, null, KvType.F16, share -> {}, line -> {});
  }

  public ModelOptions withThreads(int count) {
    return new ModelOptions(count, tier, activations, kvType, progress, log);
  }

  public ModelOptions withTier(@Nullable KernelTier wanted) {
    return new ModelOptions(threads, wanted, activations, kvType, progress, log);
  }

  public ModelOptions withActivations(@Nullable ActivationPrecision precision) {
    return new ModelOptions(threads, tier, precision, kvType, progress, log);
  }

  public ModelOptions withKvType(KvType type) {
    return new ModelOptions(threads, tier, activations, type, progress, log);
  }

  public ModelOptions withProgress(DoubleConsumer listener) {
    return new ModelOptions(threads, tier, activations, kvType, listener, log);
  }

  public ModelOptions withLog(Consumer<String> listener) {
    return new ModelOptions(threads, tier, activations, kvType, progress, listener);
  }
}
