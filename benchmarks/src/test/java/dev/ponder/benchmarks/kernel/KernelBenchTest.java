package dev.ponder.benchmarks.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The benchmarks run, check what they measure, and count what they do. */
class KernelBenchTest {

  /**
   * Every benchmark with all of its operands, on every tier, for a moment and on small matrices.
   */
  @Test
  void everyBenchmarkRuns() throws RunnerException {
    System.setProperty("jmh.ignoreLock", "true"); // nothing here is a measurement
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(KernelBench.class.getPackageName())
                    .param("tier", KernelBench.available())
                    .param("outputs", "48")
                    .param("gates", "64")
                    .param("columns", "256")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(1))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    int tiers = KernelBench.available().length;
    int precisions = ActivationPrecision.values().length;
    int products = TensorType.values().length * 3 * precisions;
    int attentions = 2 * KvType.values().length;
    assertThat(results)
        .hasSize(tiers * (products + attentions + 2 * precisions + 1 + 2 * precisions));
    assertThat(results)
        .allSatisfy(result -> assertThat(KernelBench.counter(result, "bytes")).isPositive());
    assertThat(KernelBench.table(results).markdown())
        .contains("| kernel | scalar |")
        .contains("| Product, activations BITS8, rows 64, type Q6_K, GOP/s |")
        .contains("| Norm, GB/s |")
        .hasLineCount(2 + results.size() / tiers);
  }

  static Stream<KernelTrial> trials() {
    List<Supplier<KernelTrial>> kinds =
        List.of(Product::new, PieceAttention::new, Quantisation::new, Norm::new, Gate::new);
    return Stream.of(KernelBench.available())
        .flatMap(tier ->
            kinds.stream()
                .map(kind -> {
                  KernelTrial trial = kind.get();
                  trial.tier = KernelTier.valueOf(tier);
                  return trial;
                }));
  }

  /** A single bit of a single result is enough, and so are other operands. */
  @ParameterizedTest
  @MethodSource("trials")
  void aWrongResultIsNotMeasured(KernelTrial trial) {
    trial.setUp();
    int last = trial.expected.length - 1;
    trial.expected[last] = Math.nextUp(trial.expected[last]);
    assertThatThrownBy(trial::verify)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("[" + last + "]")
        .hasMessageContaining("seed " + trial.seed);
    trial.expect();
    trial.verify();
    trial.seed++;
    trial.expect();
    assertThatThrownBy(trial::verify).isInstanceOf(AssertionError.class);
  }
}
