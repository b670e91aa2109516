package dev.ponder.engine.format;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * How a tensor type stores a row of weights. A format owns its layout; kernels see either plain
 * floats ({@link FloatFormat}) or small integers with scales ({@link BlockFormat}). Immutable.
 */
public abstract sealed class WeightFormat permits FloatFormat, BlockFormat {
  private final TensorType type;

  WeightFormat(TensorType type) {
    this.type = type;
  }

  /** Returns the format of a tensor type. */
  public static WeightFormat of(TensorType type) {
    return switch (type) {
      case F32, F16, BF16 -> new FloatFormat(type);
      case Q4_0 -> new Q4_0();
      case Q4_1 -> new Q4_1();
      case Q5_0 -> new Q5_0();
      case Q5_1 -> new Q5_1();
      case Q8_0 -> new Q8_0();
      case Q4_K -> new Q4_K();
      case Q5_K -> new Q5_K();
      case Q6_K -> new Q6_K();
    };
  }

  public final TensorType type() {
    return type;
  }

  /** Returns the bytes of a row of {@code cols} weights. */
  public final long rowBytes(int cols) {
    return (long) cols / type.blockSize() * type.blockBytes();
  }

  /** Refuses rows that do not consist of whole blocks. */
  public final void checkCols(String tensor, int cols) {
    if (cols <= 0 || cols % type.blockSize() != 0) {
      throw EngineException.invalidFile(
          tensor + " row length", cols, "a multiple of " + type.blockSize() + " for " + type);
    }
  }

  /** Refuses data that no weights can have. */
  public void check(String tensor, MemorySegment data) {}

  /**
   * Decodes {@code cols} weights that start at byte {@code offset} into {@code out}.
   *
   * @param scratch room for as many columns
   */
  public abstract void decode(
      MemorySegment data, long offset, int cols, float[] out, Unpacked scratch);
}
