package dev.ponder.engine.sample;

import dev.ponder.engine.kernel.Exp;

/**
 * Unnormalised probabilities as integers: {@code floor(2^40 exp(x))} for {@code x <= 0}, so that
 * the most likely token has 2^40 and one a trillion times less likely has one. Integer sums are
 * exact in any order: nothing after the exponential can round differently on another machine, and
 * sums of up to 2^22 of them stay below 2^62.
 */
final class Mass {
  /** The mass of {@code exp(0)}. */
  static final long ONE = 1L << 40;

  /** Below this, less than half a unit. */
  private static final float LEAST_EXPONENT = -28.5f;

  private Mass() {}

  /** Returns the mass of {@code exp(x)}. */
  static long of(float x) {
    return x < LEAST_EXPONENT ? 0 : (long) (Exp.exp(x) * ONE);
  }
}
