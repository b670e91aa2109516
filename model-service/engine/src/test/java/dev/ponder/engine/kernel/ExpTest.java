package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExpTest {
  @Test
  void isWithinTwoRoundingsOfTheTruth() {
    for (float x = -87; x < 88.7f; x += 0.00137f) {
      double truth = StrictMath.exp(x);
      assertThat(Math.abs(Exp.exp(x) - truth) / truth).as("exp(%s)", x).isLessThan(0x1p-22);
    }
  }

  @Test
  void treatsTheEndsOfTheRangeAsIeeeDoes() {
    assertThat(Exp.exp(0f)).isEqualTo(1f);
    assertThat(Exp.exp(-0f)).isEqualTo(1f);
    assertThat(Exp.exp(90f)).isInfinite();
    assertThat(Exp.exp(Float.POSITIVE_INFINITY)).isInfinite();
    assertThat(Exp.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(Exp.exp(-100f)).isBetween(Float.MIN_VALUE, Float.MIN_NORMAL);
    assertThat(Exp.exp(Float.NaN)).isNaN();
    assertThat(Exp.silu(-200f)).isZero();
    assertThat(Exp.silu(Float.NaN)).isNaN();
  }
}
