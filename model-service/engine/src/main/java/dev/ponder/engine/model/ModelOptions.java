package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How to load a model.
 *
 * @param threads members of the team that computes, the caller of forward included, 1 to 256
 * @param tier kernels to use, or null for the fastest that work here
 * @param activations precision of quantised activations, or null for the model's default
 * @param progress hears the share of the weights that is loaded, 0 to 1
 * @param log hears one line about the kernels chosen
 */
public record ModelOptions(
    int threads,
    @Nullable KernelTier tier,
    @Nullable ActivationPrecision activations,
    DoubleConsumer progress,
    Consumer<String> log) {

  public ModelOptions {
    if (threads < 1 || threads > 256) {
      throw EngineException.invalidArgument("threads", threads, "1 to 256");
    }
  }

  /** One thread a core, the best kernels, the model's own precision; silent. */
  public static ModelOptions defaults() {
    int cores = Math.min(256, Runtime.getRuntime().availableProcessors());
    return new ModelOptions(cores, null, null, share -> {}, line -> {});
  }

  public ModelOptions withThreads(int count) {
    return new ModelOptions(count, tier, activations, progress, log);
  }

  public ModelOptions withTier(@Nullable KernelTier wanted) {
    return new ModelOptions(threads, wanted, activations, progress, log);
  }

  public ModelOptions withActivations(@Nullable ActivationPrecision precision) {
    return new ModelOptions(threads, tier, precision, progress, log);
  }

  public ModelOptions withProgress(DoubleConsumer listener) {
    return new ModelOptions(threads, tier, activations, listener, log);
  }

  public ModelOptions withLog(Consumer<String> listener) {
    return new ModelOptions(threads, tier, activations, progress, listener);
  }
}
