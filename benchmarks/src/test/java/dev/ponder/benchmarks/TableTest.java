package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
  private final Table table = new Table("workload", "ours");

  @Test
  void alignsColumnsForATerminal() {
    table.add("decode", "190.5");
    table.add("ttft_cold1000", "2.1");
    assertThat(table.aligned())
        .isEqualTo(
            """
            workload        ours
            decode         190.5
            ttft_cold1000    2.1
            """);
  }

  @Test
  void rendersMarkdown() {
    table.add("decode", "190.5");
    assertThat(table.markdown())
        .isEqualTo(
            """
            | workload | ours |
            | --- | ---: |
            | decode | 190.5 |
            """);
  }

  @Test
  void refusesARowOfAnotherWidth() {
    assertThatThrownBy(() -> table.add("decode")).hasMessage("cells: 1 (expected: 2)");
  }
}
