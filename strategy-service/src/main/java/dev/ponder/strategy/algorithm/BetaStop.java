package dev.ponder.strategy.algorithm;

/**
 * When a vote is settled: with a flat prior on the leader's share against the runner-up's, the
 * leader has the majority with probability {@code 1 - I_1/2(v1 + 1, v2 + 1)}, where I is the
 * regularised incomplete beta function.
 */
final class BetaStop {
  private BetaStop() {}

  /**
   * Returns that probability. For whole counts I_1/2 is a tail of the binomial distribution, so the
   * value is a finite sum: P(Binomial(v1 + v2 + 1, 1/2) &lt;= v1). Exact to rounding; counts up to
   * 1000 stay clear of underflow (2^-1022).
   */
  static double leaderProbability(int first, int second) {
    int trials = first + second + 1;
    double term = Math.scalb(1.0, -trials); // C(trials, 0) / 2^trials
    double sum = term;
    for (int k = 1; k <= first; k++) {
      term *= (double) (trials - k + 1) / k;
      sum += term;
    }
    return sum;
  }
}
