package dev.ponder.engine.kernel;

import dev.ponder.engine.format.FloatFormat;
import dev.ponder.engine.format.WeightFormat;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Weights as the model file stores them. */
final class ScalarMatrix extends Matrix {
  final WeightFormat format;
  final MemorySegment data;
  final long rowBytes;

  ScalarMatrix(
      String name,
      WeightFormat format,
      MemorySegment data,
      int rows,
      int cols,
      float @Nullable [] bias) {
    super(name, rows, cols, bias);
    this.format = format;
    this.data = data;
    this.rowBytes = format.rowBytes(cols);
  }

  @Override
  public long bytes() {
    return rowBytes * rows();
  }

  @Override
  public boolean takesFloats() {
    return format instanceof FloatFormat;
  }
}
