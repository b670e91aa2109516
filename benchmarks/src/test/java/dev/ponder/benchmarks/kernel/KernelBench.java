package dev.ponder.benchmarks.kernel;

import static java.util.Objects.requireNonNull;

import dev.ponder.benchmarks.Machine;
import dev.ponder.benchmarks.Table;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.Kernels;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the benchmarks of this package, and shows the tiers side by side. */
public final class KernelBench {
  private KernelBench() {}

  /** Takes JMH's own options; without {@code -p tier=} every tier that this machine has. */
  public static void main(String[] args)
      throws CommandLineOptionException, RunnerException, IOException {
    CommandLineOptions asked = new CommandLineOptions(args);
    if (asked.shouldHelp()) {
      asked.showHelp();
      return;
    }
    if (asked.shouldList()) {
      new Runner(asked).list();
      return;
    }
    ChainedOptionsBuilder options = new OptionsBuilder().parent(asked).shouldFailOnError(true);
    if (!asked.getParameter("tier").hasValue()) {
      options.param("tier", available());
    }
    Collection<RunResult> results = new Runner(options.build()).run();
    System.out.printf(
        "%n%s, %s, JDK %s, %s%n%n",
        LocalDate.now(ZoneId.systemDefault()),
        Machine.here().processor(),
        Runtime.version(),
        Kernels.of(null, line -> {}).description());
    System.out.print(table(results).markdown());
  }

  /** Returns the names of the tiers that run here. */
  static String[] available() {
    return Arrays.stream(KernelTier.values())
        .filter(KernelBench::runs)
        .map(KernelTier::name)
        .toArray(String[]::new);
  }

  private static boolean runs(KernelTier tier) {
    try {
      Kernels.of(tier, line -> {});
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  /** One row a kernel and its operands, one column a tier. */
  static Table table(Collection<RunResult> results) {
    Map<String, Map<KernelTier, String>> rows = new LinkedHashMap<>();
    Set<KernelTier> tiers = new TreeSet<>();
    for (RunResult result : results) {
      KernelTier tier = KernelTier.valueOf(result.getParams().getParam("tier"));
      tiers.add(tier);
      rows.computeIfAbsent(label(result, results), label -> new EnumMap<>(KernelTier.class))
          .put(tier, String.format(Locale.ROOT, "%.1f", rate(result)));
    }
    List<String> header = new ArrayList<>(List.of("kernel"));
    tiers.forEach(tier -> header.add(tier.name().toLowerCase(Locale.ROOT)));
    Table table = new Table(header.toArray(String[]::new));
    rows.forEach((label, rates) -> {
      List<String> cells = new ArrayList<>(List.of(label));
      tiers.forEach(tier -> cells.add(rates.getOrDefault(tier, "-")));
      table.add(cells.toArray(String[]::new));
    });
    return table;
  }

  /** Names the operands that differ between the results of a benchmark. */
  private static String label(RunResult result, Collection<RunResult> all) {
    BenchmarkParams params = result.getParams();
    String operands =
        params.getParamsKeys().stream()
            .filter(key -> !key.equals("tier") && varies(key, params.getBenchmark(), all))
            .map(key -> ", " + key + " " + params.getParam(key))
            .collect(Collectors.joining());
    // "dev.ponder.benchmarks.kernel.Norm.run" becomes "Norm"
    String name = params.getBenchmark().replaceAll(".*\\.(\\w+)\\.\\w+", "$1");
    return "%s%s, %s".formatted(name, operands, counts(result) ? "GOP/s" : "GB/s");
  }

  private static boolean varies(String key, String benchmark, Collection<RunResult> all) {
    return all.stream()
            .map(RunResult::getParams)
            .filter(params -> params.getBenchmark().equals(benchmark))
            .map(params -> params.getParam(key))
            .distinct()
            .count()
        > 1;
  }

  private static boolean counts(RunResult result) {
    return counter(result, "operations") > 0;
  }

  /** Per nanosecond, which makes it giga per second. */
  private static double rate(RunResult result) {
    return counter(result, counts(result) ? "operations" : "bytes");
  }

  static double counter(RunResult result, String name) {
    return requireNonNull(result.getSecondaryResults().get(name)).getScore();
  }
}
