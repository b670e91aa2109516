package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/**
 * The feed-forward gate of a row, into quantised activations. Counted are gates and ups, once; a
 * copy of them is made first, since the kernel works in place.
 */
public class Gate extends KernelTrial {
  /** Outputs of the product that shows what was gated. */
  private static final int OUTPUTS = 64;

  @Param public ActivationPrecision activations = ActivationPrecision.BITS8;

  @Param("1536")
  public int columns = 1536;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    Weights weights = new Weights(kernels, TensorType.Q8_0, OUTPUTS, columns, random);
    float[] values = gaussians(2 * columns, random);
    float[] gates = new float[2 * columns];
    Activations x = kernels.activations(1, activations, weights.matrix);
    x.rows(1);
    return new Operation() {
      @Override
      public void run() {
        System.arraycopy(values, 0, gates, 0, gates.length);
        kernels.swiglu(gates, columns, 0, columns, x, 0, weights.scratch);
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
    return 2L * columns * Float.BYTES;
  }
}
