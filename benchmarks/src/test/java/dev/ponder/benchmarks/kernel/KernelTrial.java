package dev.ponder.benchmarks.kernel;

import static java.util.Objects.requireNonNull;

import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.Kernels;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A kernel of one tier on fixed operands. What it computes is compared with the scalar definition,
 * bit for bit, before it is measured and again afterwards, when it is compiled. In nanoseconds, so
 * that the counters come out as GOP/s and GB/s.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public abstract class KernelTrial {

  /** What the measured calls did. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Work {
    /** Multiplications and additions; 0 where memory is what is moved. */
    public long operations;

    /** Bytes of the operands that are counted; every trial says which. */
    public long bytes;
  }

  /** Operands in the layout of one tier. */
  interface Operation {
    /** Does the work that is measured; the same every time. */
    void run();

    /** Returns what the last run computed, in the order of the definition. */
    float[] result();
  }

  @Param public KernelTier tier = KernelTier.SCALAR;

  long seed = 20261125;
  float[] expected = {};
  private @Nullable Operation operation;

  /** Makes the operands; the same seed gives the same values. */
  abstract Operation prepare(Kernels kernels, SplittableRandom random);

  abstract long operations();

  abstract long bytes();

  @Setup
  public void setUp() {
    Operation made = prepare(Kernels.of(tier, line -> {}), new SplittableRandom(seed));
    made.run();
    operation = made;
    expect();
    verify();
  }

  /** Computes what the scalar kernels make of the operands. */
  final void expect() {
    Operation definition =
        prepare(Kernels.of(KernelTier.SCALAR, line -> {}), new SplittableRandom(seed));
    definition.run();
    expected = definition.result();
  }

  /**
   * Compares the last run with the definition.
   *
   * @throws AssertionError at the first value that has other bits
   */
  @TearDown
  public void verify() {
    float[] actual = requireNonNull(operation).result();
    if (actual.length != expected.length) {
      throw new AssertionError(
          "results: " + actual.length + " (expected: " + expected.length + ")");
    }
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
        throw new AssertionError(
            "%s %s [%d]: %s (expected: %s, seed %d)"
                .formatted(getClass().getSimpleName(), tier, i, actual[i], expected[i], seed));
      }
    }
  }

  @Benchmark
  public void run(Work work) {
    requireNonNull(operation).run();
    work.operations += operations();
    work.bytes += bytes();
  }

  static float[] gaussians(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static float[][] gaussians(int rows, int count, SplittableRandom random) {
    float[][] values = new float[rows][];
    for (int row = 0; row < rows; row++) {
      values[row] = gaussians(count, random);
    }
    return values;
  }
}
