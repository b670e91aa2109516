package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkloadTest {
  @Test
  void definitionsAreThoseOfThePublishedTables() {
    List<String> definitions =
        Arrays.stream(Workload.values())
            .map(w -> "%s %d+%d x%d".formatted(w.label(), w.prompt(), w.steps(), w.sequences()))
            .toList();
    assertThat(definitions)
        .containsExactly(
            "prefill128 128+0 x1",
            "prefill512 512+0 x1",
            "decode 1+128 x1",
            "decode_ctx512 512+64 x1",
            "samples4 256+64 x4",
            "samples8 256+64 x8",
            "samples16 256+64 x16",
            "samples32 256+64 x32",
            "ttft_cold1000 1000+0 x1");
  }

  @Test
  void countsTheTokensOfAllSequences() {
    assertThat(Workload.SAMPLES16.figure(2)).isEqualTo(512);
    assertThat(Workload.DECODE_CTX512.figure(0.5)).isEqualTo(128);
    assertThat(Workload.PREFILL512.figure(0.25)).isEqualTo(2048);
    assertThat(Workload.TTFT_COLD1000.figure(1.5)).isEqualTo(1.5);
  }

  @Test
  void ratioAboveOneAlwaysMeansOursIsFaster() {
    assertThat(Workload.DECODE.ratio(300, 100)).isEqualTo(3);
    assertThat(Workload.TTFT_COLD1000.ratio(0.5, 1)).isEqualTo(2);
  }

  @Test
  void choosesByLabelOnceEach() {
    assertThat(Workload.ofLabels(List.of("decode", "samples4", "decode")))
        .containsExactly(Workload.DECODE, Workload.SAMPLES4);
  }

  @Test
  void refusesAnUnknownLabel() {
    assertThatThrownBy(() -> Workload.ofLabels(List.of("samples5")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("only: samples5 (expected: some of prefill128,");
  }
}
