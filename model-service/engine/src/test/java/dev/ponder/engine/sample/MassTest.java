package dev.ponder.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ponder.engine.kernel.Exp;
import org.junit.jupiter.api.Test;

class MassTest {

  /** The masses are part of the arithmetic: a change here changes every seeded sample. */
  @Test
  void massesAreTheSameEverywhere() {
    long hash = 0;
    for (float x = 0; x > -29; x -= 0.0043f) {
      hash = 31 * hash + Mass.of(Exp.exp(x));
    }
    assertThat(hash).isEqualTo(-247620838396314565L);
  }

  @Test
  void massesAreProportionalToTheExponential() {
    for (float x = 0; x > -29; x -= 0.00071f) {
      double exact = StrictMath.exp(x) * Mass.ONE;
      assertThat((double) Mass.of(Exp.exp(x)))
          .as("exp(%s)", x)
          .isCloseTo(exact, within(exact / 1e6 + 1));
    }
  }

  @Test
  void massOfTheMostLikelyIsOneAndOfTheImpossibleZero() {
    assertThat(Mass.of(Exp.exp(0))).isEqualTo(Mass.ONE);
    assertThat(Mass.of(Exp.exp(-0f))).isEqualTo(Mass.ONE);
    assertThat(Mass.of(Exp.exp((float) -StrictMath.log(2))))
        .isBetween(Mass.ONE / 2 - 1000, Mass.ONE / 2 + 50000);
    assertThat(Mass.of(Exp.exp(-28.4f))).isZero();
    assertThat(Mass.of(Exp.exp(-27))).isEqualTo(2);
    assertThat(Mass.of(Exp.exp(-1e30f))).isZero();
    assertThat(Mass.of(Exp.exp(Float.NEGATIVE_INFINITY))).isZero();
  }
}
