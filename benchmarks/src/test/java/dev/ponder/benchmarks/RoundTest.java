package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundTest {
  private final List<String> calls = new ArrayList<>();
  private final StringWriter log = new StringWriter();

  /** Notes its calls; fails from the {@code failAt}-th on. */
  private final class Noting implements Contestant {
    private final String label;
    private final int failAt;
    private int count;

    private Noting(String label, int failAt) {
      this.label = label;
      this.failAt = failAt;
    }

    @Override
    public String label() {
      return label;
    }

    @Override
    public Measurement run(Workload workload) {
      calls.add(label + " " + workload.label());
      if (++count >= failAt) {
        throw new PeerException("peer: stopped");
      }
      return new Measurement(count, Measurement.Work.UNKNOWN);
    }
  }

  @Test
  void contestantsTakeTurnsWithinEachWorkload() {
    Round round = round(new Noting("a", 99), new Noting("b", 99));

    Results results = round.measure(2);

    assertThat(calls)
        .containsExactly(
            "a decode",
            "b decode",
            "a samples4",
            "b samples4",
            "a decode",
            "b decode",
            "a samples4",
            "b samples4");
    assertThat(results.of("b", Workload.SAMPLES4)).hasSize(2);
  }

  @Test
  void warmUpIsNotCounted() {
    Round round = round(new Noting("a", 99));

    round.warmUp();
    Results results = round.measure(1);

    assertThat(results.of("a", Workload.DECODE))
        .containsExactly(new Measurement(3, Measurement.Work.UNKNOWN));
  }

  @Test
  void aContestantThatFailsIsNamedAndTheOthersGoOn() {
    Round round = round(new Noting("a", 99), new Noting("b", 2));

    Results results = round.measure(2);

    assertThat(results.of("a", Workload.SAMPLES4)).hasSize(2);
    assertThat(results.of("b", Workload.DECODE)).hasSize(1);
    assertThat(results.of("b", Workload.SAMPLES4)).isEmpty();
    assertThat(log.toString()).contains("b left out from samples4 on: peer: stopped");
  }

  private Round round(Contestant... contestants) {
    return new Round(
        List.of(Workload.DECODE, Workload.SAMPLES4),
        List.of(contestants),
        new PrintWriter(log, true));
  }
}
