package dev.ponder.engine.sample;

/**
 * Unnormalised probabilities as integers: {@code floor(2^40 exp(x))} for {@code x <= 0}, so that
 * the most likely token has 2^40 and one a trillion times less likely has one. Integer sums are
 * exact in any order: nothing after the exponential can round differently on another machine, and
 * sums of up to 2^22 of them stay below 2^62.
 */
final class Mass {
  /** The mass of {@code exp(0)}. */
  static final long ONE = 1L << 40;

  private Mass() {}

  /** Returns the mass of an exponential, 0 to 1. */
  static long of(float exponential) {
    return (long) (exponential * ONE);
  }
}
