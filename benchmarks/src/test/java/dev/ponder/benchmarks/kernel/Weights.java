package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.Matrix;
import dev.ponder.engine.kernel.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Random weights, and their product with activations. NOT thread-safe. */
final class Weights {
  private static final double SPREAD = 0.05;

  private final Kernels kernels;
  final Matrix matrix;
  final Scratch scratch;

  @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
  Weights(Kernels kernels, TensorType type, int outputs, int columns, SplittableRandom random) {
    this.kernels = kernels;
    byte[] data = RandomBlocks.of(type, (long) outputs * columns, SPREAD, random);
    Arena arena = Arena.ofAuto();
    MemorySegment segment = arena.allocate(data.length, 64).copyFrom(MemorySegment.ofArray(data));
    matrix =
        kernels.matrix("weights", WeightFormat.of(type), segment, outputs, columns, null, arena);
    scratch = kernels.scratch(columns);
  }

  void multiply(Activations x, float[][] y) {
    kernels.multiply(matrix, x, y, 0, false, 0, matrix.tiles(), scratch);
  }

  /** Returns the product, row after row. */
  float[] product(Activations x) {
    float[][] y = new float[x.rows()][matrix.rows()];
    multiply(x, y);
    return flat(y);
  }

  static float[] flat(float[][] rows) {
    int count = rows[0].length;
    float[] all = new float[rows.length * count];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, all, row * count, count);
    }
    return all;
  }
}
