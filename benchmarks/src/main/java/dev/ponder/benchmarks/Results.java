package dev.ponder.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All measurements of a run, by contestant and workload. NOT thread-safe. */
final class Results {
  private final Map<String, Map<Workload, List<Measurement>>> measurements = new LinkedHashMap<>();

  void add(String contestant, Workload workload, Measurement measurement) {
    measurements
        .computeIfAbsent(contestant, key -> new EnumMap<>(Workload.class))
        .computeIfAbsent(workload, key -> new ArrayList<>())
        .add(measurement);
  }

  Collection<String> contestants() {
    return measurements.keySet();
  }

  List<Measurement> of(String contestant, Workload workload) {
    return measurements.getOrDefault(contestant, Map.of()).getOrDefault(workload, List.of());
  }

  /** The figures of one contestant in the workload's unit; empty when it did not run. */
  Optional<Statistics> statistics(String contestant, Workload workload) {
    List<Double> figures =
        of(contestant, workload).stream().map(m -> workload.figure(m.seconds())).toList();
    return figures.isEmpty() ? Optional.empty() : Optional.of(Statistics.of(figures));
  }

  /** Of several contestants the one with the best median. */
  Optional<String> best(Collection<String> contestants, Workload workload) {
    String best = null;
    double bestMedian = 0;
    for (String contestant : contestants) {
      Optional<Statistics> statistics = statistics(contestant, workload);
      if (statistics.isPresent()
          && (best == null || workload.ratio(statistics.get().median(), bestMedian) > 1)) {
        best = contestant;
        bestMedian = statistics.get().median();
      }
    }
    return Optional.ofNullable(best);
  }
}
