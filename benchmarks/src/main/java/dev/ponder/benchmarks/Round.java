package dev.ponder.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Runs the workloads, all contestants in turn. NOT thread-safe. */
final class Round {
  private final List<Workload> workloads;
  private final List<Contestant> contestants;
  private final PrintWriter log;

  Round(List<Workload> workloads, List<? extends Contestant> contestants, PrintWriter log) {
    this.workloads = workloads;
    this.contestants = new ArrayList<>(contestants);
    this.log = log;
  }

  /**
   * Each workload once by everyone, uncounted: compiles our kernels and brings both sides' weights
   * into memory.
   */
  void warmUp() {
    round("warm-up", new Results());
  }

  Results measure(int repetitions) {
    Results results = new Results();
    for (int i = 1; i <= repetitions; i++) {
      round("repetition " + i + " of " + repetitions, results);
    }
    return results;
  }

  /** A contestant that fails is named, and takes part no more; what it measured before stands. */
  private void round(String title, Results results) {
    log.println(title);
    log.flush();
    for (Workload workload : workloads) {
      for (Contestant contestant : List.copyOf(contestants)) {
        try {
          results.add(contestant.label(), workload, contestant.run(workload));
        } catch (PeerException e) {
          log.println(
              contestant.label() + " left out from " + workload.label() + " on: " + e.getMessage());
          contestants.remove(contestant);
        }
      }
    }
  }
}
