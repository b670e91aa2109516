package dev.ponder.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One of our settings beside the peer's best on one workload.
 *
 * @param theirs the peer's label and figures; null without a peer
 * @param ratio how many times better ours is; NaN without a peer
 * @param run the work of our run with the median time, or of one of the two next to it
 */
record Comparison(
    Workload workload,
    String ours,
    Statistics figures,
    @Nullable String theirs,
    @Nullable Statistics peerFigures,
    double ratio,
    Measurement run) {

  static List<Comparison> of(
      Results results, List<Workload> workloads, List<String> ours, Collection<String> peers) {
    List<Comparison> rows = new ArrayList<>();
    for (String label : ours) {
      for (Workload workload : workloads) {
        results
            .statistics(label, workload)
            .ifPresent(figures ->
                rows.add(
                    compare(results, workload, label, figures, results.best(peers, workload))));
      }
    }
    return rows;
  }

  private static Comparison compare(
      Results results, Workload workload, String label, Statistics figures, Optional<String> peer) {
    @Nullable Statistics peerFigures =
        peer.flatMap(name -> results.statistics(name, workload)).orElse(null);
    double ratio =
        peerFigures == null ? Double.NaN : workload.ratio(figures.median(), peerFigures.median());
    return new Comparison(
        workload,
        label,
        figures,
        peer.orElse(null),
        peerFigures,
        ratio,
        middle(results.of(label, workload)));
  }

  private static Measurement middle(List<Measurement> runs) {
    return runs.stream()
        .sorted((a, b) -> Double.compare(a.seconds(), b.seconds()))
        .toList()
        .get(runs.size() / 2);
  }
}
