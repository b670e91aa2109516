package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/**
 * The gated product of a feed-forward network into quantised activations: two matrix products and
 * SwiGLU. Counted are the products and the stored weights.
 */
public class Gate extends KernelTrial {
  /** Outputs of the product that shows what was gated. */
  private static final int SHOWN = 64;

  @Param("Q4_1")
  public TensorType type = TensorType.Q4_1;

  @Param({"1", "64"})
  public int rows = 1;

  @Param public ActivationPrecision activations = ActivationPrecision.BITS8;

  /** A multiple of 32. */
  @Param("512")
  public int gates = 512;

  @Param("768")
  public int columns = 768;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    Weights gate = new Weights(kernels, type, gates, columns, random);
    Weights up = new Weights(kernels, type, gates, columns, random);
    Weights shown = new Weights(kernels, TensorType.Q8_0, SHOWN, gates, random);
    Activations x = kernels.activations(rows, activations, gate.matrix, up.matrix);
    x.rows(rows);
    for (int row = 0; row < rows; row++) {
      x.set(row, gaussians(columns, random), 0, columns);
    }
    Activations gated = kernels.activations(rows, activations, shown.matrix);
    gated.rows(rows);
    float[][] room = new float[rows][2 * gates];
    return new Operation() {
      @Override
      public void run() {
        int tiles = gate.matrix.tiles();
        kernels.gated(gate.matrix, up.matrix, x, room, gated, 0, tiles, gate.scratch);
      }

      @Override
      public float[] result() {
        return shown.product(gated);
      }
    };
  }

  @Override
  long operations() {
    return 4L * rows * gates * columns;
  }

  @Override
  long bytes() {
    return 2 * type.bytes((long) gates * columns);
  }
}
