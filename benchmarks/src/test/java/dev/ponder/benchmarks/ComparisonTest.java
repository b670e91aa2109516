package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final List<String> PEERS = List.of("peer flash 1", "peer flash 0");

  @Test
  void medianOfOddAndEvenCounts() {
    assertThat(Statistics.of(List.of(5.0, 1.0, 3.0))).isEqualTo(new Statistics(3, 1, 5));
    assertThat(Statistics.of(List.of(4.0, 1.0, 3.0, 100.0))).isEqualTo(new Statistics(3.5, 1, 100));
    assertThat(Statistics.of(List.of(2.0))).isEqualTo(new Statistics(2, 2, 2));
  }

  @Test
  void noReadingsHaveNoMedian() {
    assertThatThrownBy(() -> Statistics.of(List.of()))
        .hasMessage("readings: 0 (expected: at least 1)");
  }

  @Test
  void comparesWithTheBetterOfThePeersSettings() {
    Results results = new Results();
    add(results, "ours", Workload.PREFILL128, 0.5, 0.25, 0.4);
    add(results, "peer flash 1", Workload.PREFILL128, 1, 1, 1);
    add(results, "peer flash 0", Workload.PREFILL128, 0.8, 5, 0.8);

    Comparison row = only(results, Workload.PREFILL128);

    assertThat(row.theirs()).isEqualTo("peer flash 0");
    assertThat(row.ratio()).isEqualTo(2);
    assertThat(row.figures().median()).isEqualTo(320);
    assertThat(row.run().seconds()).isEqualTo(0.4);
  }

  @Test
  void lessIsBetterForTimes() {
    Results results = new Results();
    add(results, "ours", Workload.TTFT_COLD1000, 2);
    add(results, "peer flash 1", Workload.TTFT_COLD1000, 3);
    add(results, "peer flash 0", Workload.TTFT_COLD1000, 1);

    Comparison row = only(results, Workload.TTFT_COLD1000);

    assertThat(row.theirs()).isEqualTo("peer flash 0");
    assertThat(row.ratio()).isEqualTo(0.5);
  }

  @Test
  void withoutAPeerThereIsNoRatio() {
    Results results = new Results();
    add(results, "ours", Workload.DECODE, 1);

    Comparison row = only(results, Workload.DECODE);

    assertThat(row.theirs()).isNull();
    assertThat(row.ratio()).isNaN();
  }

  private static Comparison only(Results results, Workload workload) {
    List<Comparison> rows = Comparison.of(results, List.of(workload), List.of("ours"), PEERS);
    assertThat(rows).hasSize(1);
    return rows.getFirst();
  }

  private static void add(Results results, String label, Workload workload, double... seconds) {
    for (double reading : seconds) {
      results.add(label, workload, new Measurement(reading, Measurement.Work.UNKNOWN));
    }
  }
}
