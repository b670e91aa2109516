package dev.ponder.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrefillBudgetTest {

  @Test
  void takesTheWholeChunkWhenNobodyWaits() {
    assertThat(PrefillBudget.rows(128, false, 50)).isEqualTo(128);
    assertThat(PrefillBudget.rows(128, false, 0)).isEqualTo(128);
  }

  @Test
  void boundsTheStepsTimeWhenOthersDecode() {
    assertThat(PrefillBudget.rows(128, true, 200)).isEqualTo(50);
    assertThat(PrefillBudget.rows(128, true, 10_000)).isEqualTo(128);
    assertThat(PrefillBudget.rows(128, true, 3)).isEqualTo(16);
    assertThat(PrefillBudget.rows(128, true, 0)).isEqualTo(32);
    assertThat(PrefillBudget.rows(8, true, 3)).isEqualTo(8);
  }
}
