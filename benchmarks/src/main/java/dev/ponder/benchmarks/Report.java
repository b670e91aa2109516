package dev.ponder.benchmarks;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A finished run, as a table for the terminal, a dated Markdown section, or JSON.
 *
 * @param ours labels of our settings, in the order they are shown
 * @param peers labels of the peer's settings; empty without a peer
 * @param peerVersion "" without a peer
 * @param limits what the machine was measured to do at most, by what it is; with units
 * @param peakBytes peak resident memory by process, 0 where unknown
 */
record Report(
    LocalDate date,
    String command,
    Machine machine,
    String model,
    int threads,
    int repetitions,
    List<Workload> workloads,
    List<String> ours,
    List<String> peers,
    String peerVersion,
    Results results,
    List<Limit> limits,
    Map<String, Long> peakBytes) {

  /** What the machine can do at most. */
  record Limit(String what, double rate, String unit) {}

  String text() {
    StringBuilder out = new StringBuilder();
    out.append(heading()).append("\n\n");
    for (String label : ours) {
      out.append(label).append('\n').append(table(label).aligned()).append('\n');
    }
    return out.append(footer("")).toString();
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    out.append("## ").append(date).append(", ").append(model).append("\n\n");
    out.append(heading()).append("\n\n    ").append(command).append("\n\n");
    for (String label : ours) {
      out.append("### ").append(label).append("\n\n");
      out.append(table(label).markdown()).append('\n');
    }
    return out.append(footer("- ")).toString();
  }

  private String heading() {
    String against =
        peers.isEmpty() ? "no peer" : "against llama.cpp (llama-cpp-python " + peerVersion + ")";
    String load = machine.load() < 0 ? "" : ", load before " + fixed(machine.load(), 1);
    return "%s, %d threads, %s%s, %s, commit %s; medians of %d, range in brackets"
        .formatted(
            model, threads, machine.processor(), load, against, machine.commit(), repetitions);
  }

  private String footer(String bullet) {
    StringBuilder out = new StringBuilder();
    limits.forEach(limit ->
        out.append(
            "%s%s: %s %s\n".formatted(bullet, limit.what(), fixed(limit.rate(), 1), limit.unit())));
    peakBytes.forEach((who, bytes) -> {
      if (bytes > 0) {
        out.append(
            "%sPeak resident memory, %s: %s MB\n".formatted(bullet, who, fixed(bytes / 1e6, 0)));
      }
    });
    return out.toString();
  }

  private Table table(String label) {
    Table table =
        new Table(
            "workload",
            "unit",
            "ponder",
            "llama.cpp",
            "flash",
            "ratio",
            "GB/s",
            "GOP/s",
            "weights MB/pass",
            "KV MB/pass",
            "passes");
    for (Comparison row : Comparison.of(results, workloads, List.of(label), peers)) {
      Measurement.Work work = row.run().work();
      long passes = Math.max(1, work.forwardPasses());
      table.add(
          row.workload().label(),
          row.workload().unit(),
          figures(row.workload(), row.figures()),
          row.peerFigures() == null ? "-" : figures(row.workload(), row.peerFigures()),
          row.theirs() == null ? "-" : row.theirs().substring(row.theirs().length() - 1),
          row.peerFigures() == null ? "-" : fixed(row.ratio(), 2),
          row.workload().isPrefill() ? "-" : fixed(work.gigabytesPerSecond(row.run().seconds()), 1),
          fixed(work.gigaOperationsPerSecond(row.run().seconds()), 0),
          fixed(work.weightBytes() / 1e6 / passes, 1),
          fixed(work.kvBytes() / 1e6 / passes, 2),
          Long.toString(work.forwardPasses()));
    }
    return table;
  }

  private static String figures(Workload workload, Statistics figures) {
    int decimals = workload.inSeconds() ? 3 : 1;
    return "%s (%s-%s)"
        .formatted(
            fixed(figures.median(), decimals),
            fixed(figures.least(), decimals),
            fixed(figures.most(), decimals));
  }

  private static String fixed(double value, int decimals) {
    return BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_UP).toPlainString();
  }

  String json() {
    JsonMapper mapper = JsonMapper.shared();
    ObjectNode root = mapper.createObjectNode();
    root.put("date", date.toString())
        .put("command", command)
        .put("commit", machine.commit())
        .put("processor", machine.processor())
        .put("loadBefore", machine.load())
        .put("model", model)
        .put("threads", threads)
        .put("repetitions", repetitions)
        .put("llama_cpp", peerVersion);
    ArrayNode measured = root.putArray("limits");
    limits.forEach(limit ->
        measured
            .addObject()
            .put("what", limit.what())
            .put("rate", limit.rate())
            .put("unit", limit.unit()));
    peakBytes.forEach(root.putObject("peakBytes")::put);
    ObjectNode contestants = root.putObject("results");
    for (String contestant : results.contestants()) {
      ObjectNode of = contestants.putObject(contestant);
      for (Workload workload : workloads) {
        results
            .statistics(contestant, workload)
            .ifPresent(
                figures -> describe(of.putObject(workload.label()), contestant, workload, figures));
      }
    }
    ArrayNode ratios = root.putArray("ratios");
    for (Comparison row : Comparison.of(results, workloads, ours, peers)) {
      if (row.theirs() != null) {
        ratios
            .addObject()
            .put("workload", row.workload().label())
            .put("ours", row.ours())
            .put("peer", row.theirs())
            .put("ratio", row.ratio());
      }
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
  }

  private void describe(ObjectNode node, String contestant, Workload workload, Statistics figures) {
    List<Measurement> runs = results.of(contestant, workload);
    node.put("unit", workload.unit()).put("median", figures.median());
    ArrayNode readings = node.putArray("readings");
    runs.forEach(run -> readings.add(workload.figure(run.seconds())));
    Measurement.Work work = runs.getLast().work();
    if (!work.equals(Measurement.Work.UNKNOWN)) {
      node.put("weightBytes", work.weightBytes())
          .put("kvBytes", work.kvBytes())
          .put("forwardPasses", work.forwardPasses())
          .put("products", work.products());
    }
  }
}
