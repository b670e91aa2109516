package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.Scratch;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/** RMS norm of a row. Counted are the row, its gains, and what is written. */
public class Norm extends KernelTrial {
  @Param("768")
  public int columns = 768;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    float[] x = gaussians(columns, random);
    float[] gain = gaussians(columns, random);
    float[] out = new float[columns];
    Scratch scratch = kernels.scratch(columns);
    return new Operation() {
      @Override
      public void run() {
        kernels.rmsNorm(x, gain, 1e-5f, out, scratch);
      }

      @Override
      public float[] result() {
        return out;
      }
    };
  }

  @Override
  long operations() {
    return 0;
  }

  @Override
  long bytes() {
    return 3L * columns * Float.BYTES;
  }
}
