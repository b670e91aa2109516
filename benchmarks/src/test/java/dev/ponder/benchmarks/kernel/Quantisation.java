package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/** Activations on their way into a product. Counted are the floats read. */
public class Quantisation extends KernelTrial {
  /** Outputs of the product that shows what was quantised. */
  private static final int OUTPUTS = 64;

  @Param({"1", "64"})
  public int rows = 1;

  @Param public ActivationPrecision activations = ActivationPrecision.BITS8;

  @Param("768")
  public int columns = 768;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    Weights weights = new Weights(kernels, TensorType.Q8_0, OUTPUTS, columns, random);
    float[][] values = gaussians(rows, columns, random);
    Activations x = kernels.activations(rows, activations, weights.matrix);
    x.rows(rows);
    return new Operation() {
      @Override
      public void run() {
        for (int row = 0; row < values.length; row++) {
          x.set(row, values[row], 0, columns);
        }
      }

      @Override
      public float[] result() {
        return weights.product(x);
      }
    };
  }

  @Override
  long operations() {
    return 0;
  }

  @Override
  long bytes() {
    return (long) rows * columns * Float.BYTES;
  }
}
