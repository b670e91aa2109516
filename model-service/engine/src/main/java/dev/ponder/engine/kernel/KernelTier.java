package dev.ponder.engine.kernel;

import dev.ponder.engine.EngineException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which implementation of the one arithmetic runs. All give the same bits. */
public enum KernelTier {
  /** Plain Java: the definition of the arithmetic, and the fallback. */
  SCALAR,
  /** The Vector API: portable SIMD, needs the module {@code jdk.incubator.vector}. */
  VECTOR;

  static final String VECTOR_MODULE = "jdk.incubator.vector";

  /**
   * Chooses a tier: a pure function of its arguments.
   *
   * @param wanted the tier asked for, or null for the fastest that works
   * @param modulePresent whether the Vector API's module is in the boot layer
   * @param preferredBits the widest vector the hardware and the JVM support, 0 without the module
   * @param log receives exactly one line that says what was chosen and why
   */
  static KernelTier choose(
      @Nullable KernelTier wanted,
      String arch,
      boolean modulePresent,
      int preferredBits,
      Consumer<String> log) {
    if (wanted == SCALAR) {
      log.accept("kernels: scalar (as asked)");
      return SCALAR;
    }
    if (!modulePresent) {
      String remedy = "start Java with --add-modules=" + VECTOR_MODULE;
      if (wanted == VECTOR) {
        throw EngineException.unsupported("kernels", "vector", remedy);
      }
      log.accept("kernels: scalar, which is slow (" + remedy + ")");
      return SCALAR;
    }
    if (wanted == null && preferredBits < 128) {
      log.accept("kernels: scalar (" + arch + " has no vectors this JVM can use)");
      return SCALAR;
    }
    int bits = VectorWidth.choose(preferredBits, null);
    log.accept("kernels: vector, " + bits + " bits (" + arch + ")");
    return VECTOR;
  }
}
