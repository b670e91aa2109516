package dev.ponder.engine.kernel;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.machine.InstructionSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which implementation of the one arithmetic runs. All give the same bits. */
public enum KernelTier {
  /** Plain Java: the definition of the arithmetic, and the fallback. */
  SCALAR,
  /** The Vector API: portable SIMD, needs the module {@code jdk.incubator.vector}. */
  VECTOR,
  /** x86-64 instructions that the engine writes itself; the fastest where it runs. */
  MACHINE;

  static final String VECTOR_MODULE = "jdk.incubator.vector";

  /**
   * Chooses a tier: a pure function of its arguments.
   *
   * @param wanted the tier asked for, or null for the fastest that works
   * @param machine the instructions that machine code may use, or null
   * @param whyNoMachine why it is null
   * @param modulePresent whether the Vector API's module is in the boot layer
   * @param preferredBits the widest vector the hardware and the JVM support, 0 without the module
   * @param log receives exactly one line that says what was chosen and why
   */
  static KernelTier choose(
      @Nullable KernelTier wanted,
      @Nullable InstructionSet machine,
      String whyNoMachine,
      String arch,
      boolean modulePresent,
      int preferredBits,
      Consumer<String> log) {
    if (wanted == SCALAR) {
      log.accept("kernels: scalar (as asked)");
      return SCALAR;
    }
    if (wanted == MACHINE && machine == null) {
      throw EngineException.unsupported("kernels", "machine", "another: " + whyNoMachine);
    }
    if (machine != null && wanted != VECTOR) {
      String rest = modulePresent ? "" : ", the rest in plain Java";
      log.accept("kernels: machine, " + machine + " (" + arch + rest + ")");
      return MACHINE;
    }
    String reason = wanted == null ? "; no machine code: " + whyNoMachine : "";
    if (!modulePresent) {
      String remedy = "start Java with --add-modules=" + VECTOR_MODULE;
      if (wanted == VECTOR) {
        throw EngineException.unsupported("kernels", "vector", remedy);
      }
      log.accept("kernels: scalar, which is slow (" + remedy + ")" + reason);
      return SCALAR;
    }
    if (wanted == null && preferredBits < 128) {
      log.accept("kernels: scalar (" + arch + " has no vectors this JVM can use)" + reason);
      return SCALAR;
    }
    int bits = VectorWidth.choose(preferredBits, null);
    log.accept("kernels: vector, " + bits + " bits (" + arch + ")" + reason);
    return VECTOR;
  }
}
