package dev.ponder.engine.kernel;

/**
 * Float reductions have one order on every machine: 16 virtual lanes, lane l takes elements l, l +
 * 16, ... in turn, then one fixed tree joins them.
 */
final class Lanes {
  static final int COUNT = 16;

  private Lanes() {}

  /** Joins 16 lanes, destroying them: l with l + 8, then 4, 2, 1. */
  static float join(float[] lanes) {
    for (int step = 8; step > 0; step >>= 1) {
      for (int l = 0; l < step; l++) {
        lanes[l] += lanes[l + step];
      }
    }
    return lanes[0];
  }
}
