package dev.ponder.engine.format;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** F32, F16 and BF16: one float each, converted exactly. */
public final class FloatFormat extends WeightFormat {
  static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  FloatFormat(TensorType type) {
    super(type);
  }

  @Override
  public void decode(MemorySegment data, long offset, int cols, float[] out, Unpacked scratch) {
    switch (type()) {
      case F32 -> MemorySegment.copy(data, FLOAT, offset, out, 0, cols);
      case F16 -> {
        short[] halves = scratch.halves;
        MemorySegment.copy(data, SHORT, offset, halves, 0, cols);
        for (int i = 0; i < cols; i++) { // over arrays: the compiler makes vectors of it
          out[i] = Float.float16ToFloat(halves[i]);
        }
      }
      default -> {
        short[] halves = scratch.halves;
        MemorySegment.copy(data, SHORT, offset, halves, 0, cols);
        for (int i = 0; i < cols; i++) {
          out[i] = Float.intBitsToFloat(halves[i] << 16);
        }
      }
    }
  }
}
