package dev.ponder.benchmarks;

import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
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
 * @param limits measured read bandwidth, described by threads and size, in GB/s
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
    Map<String, Double> limits,
    Map<String, Long> peakBytes) {

  String text() {
    StringBuilder out = new StringBuilder();
    out.append(heading()).append("\n\n");
    for (String label : ours) {
      out.append(label).append('\n').append(table(label).aligned()).append('\n');
    }
    return out.append(footer()).toString();
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    out.append("## ").append(date).append(", ").append(model).append("\n\n");
    out.append(heading()).append("\n\n    ").append(command).append("\n\n");
    for (String label : ours) {
      out.append("### ").append(label).append("\n\n");
      out.append(table(label).markdown()).append('\n');
    }
    return out.append(footer()).toString();
  }

  private String heading() {
    String against = peers.isEmpty() ? "no peer" : "against llama.cpp (llama-cpp-python " + peerVersion + ")";
    return "%s, %d threads, %s, %s, commit %s; medians of %d, range in brackets"
        .formatted(
            model, threads, machine.processor(), against, machine.commit(), repetitions);
  }

  private String footer() {
    StringBuilder out = new StringBuilder();
    limits.forEach(
        (what, rate) -> out.append(line("Memory read limit, %s: %.1f GB/s", what, rate)));
    peakBytes.forEach(
        (who, bytes) -> {
          if (bytes > 0) {
            out.append(line("Peak resident memory, %s: %.0f MB", who, bytes / 1e6));
          }
        });
    return out.toString();
  }

  private static String line(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments) + "\n";
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
          row.peerFigures() == null ? "-" : number("%.2f", row.ratio()),
          row.workload().isPrefill()
              ? "-"
              : number("%.1f", work.gigabytesPerSecond(row.run().seconds())),
          number("%.1f", work.weightBytes() / 1e6 / passes),
          number("%.2f", work.kvBytes() / 1e6 / passes),
          Long.toString(work.forwardPasses()));
    }
    return table;
  }

  private static String figures(Workload workload, Statistics figures) {
    String format = workload.inSeconds() ? "%.3f (%.3f-%.3f)" : "%.1f (%.1f-%.1f)";
    return number(format, figures.median(), figures.least(), figures.most());
  }

  private static String number(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  String json() {
    JsonMapper mapper = JsonMapper.shared();
    ObjectNode root = mapper.createObjectNode();
    root.put("date", date.toString())
        .put("command", command)
        .put("commit", machine.commit())
        .put("processor", machine.processor())
        .put("model", model)
        .put("threads", threads)
        .put("repetitions", repetitions)
        .put("llama_cpp", peerVersion);
    limits.forEach(root.putObject("readLimitGigabytesPerSecond")::put);
    peakBytes.forEach(root.putObject("peakBytes")::put);
    ObjectNode contestants = root.putObject("results");
    for (String contestant : results.contestants()) {
      ObjectNode of = contestants.putObject(contestant);
      for (Workload workload : workloads) {
        results
            .statistics(contestant, workload)
            .ifPresent(figures -> describe(of.putObject(workload.label()), contestant, workload, figures));
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
          .put("forwardPasses", work.forwardPasses());
    }
  }
}
