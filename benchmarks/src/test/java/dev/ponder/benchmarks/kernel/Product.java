package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/**
 * A matrix product of activations that are quantised already. Counted are the stored weights, once
 * a call. They fit a cache, so that the kernel is measured and not the memory. With F32, F16 and
 * BF16 weights the activations stay floats whatever their precision.
 */
public class Product extends KernelTrial {
  @Param public TensorType type = TensorType.Q8_0;

  @Param({"1", "8", "64"})
  public int rows = 1;

  @Param public ActivationPrecision activations = ActivationPrecision.BITS8;

  @Param("1536")
  public int outputs = 1536;

  @Param("768")
  public int columns = 768;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    Weights weights = new Weights(kernels, type, outputs, columns, random);
    Activations x = kernels.activations(rows, activations, weights.matrix);
    x.rows(rows);
    for (int row = 0; row < rows; row++) {
      x.set(row, gaussians(columns, random), 0, columns);
    }
    float[][] y = new float[rows][outputs];
    return new Operation() {
      @Override
      public void run() {
        weights.multiply(x, y);
      }

      @Override
      public float[] result() {
        return Weights.flat(y);
      }
    };
  }

  @Override
  long operations() {
    return 2L * rows * outputs * columns;
  }

  @Override
  long bytes() {
    return type.bytes((long) outputs * columns);
  }
}
