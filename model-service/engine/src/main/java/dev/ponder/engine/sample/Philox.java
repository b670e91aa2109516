package dev.ponder.engine.sample;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011):
 * a keyed bijection of 128-bit counters. It has no state to lose or to share: the number at a
 * counter is the same after a restart, in any order and beside any other request.
 */
final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Returns 64 uniform bits for the token at {@code position} of sample {@code index}.
   *
   * @param position of the drawn token in its sequence, prompt included
   */
  static long draw(long seed, int index, long position) {
    return block(
        (int) position, (int) (position >>> 32), index, 0, (int) seed, (int) (seed >>> 32))[0];
  }

  /** The two halves, words 0 and 1 and words 2 and 3, of the block at a counter; low word first. */
  static long[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
    int x0 = c0;
    int x1 = c1;
    int x2 = c2;
    int x3 = c3;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (x0 & LOW);
      long product1 = MULTIPLIER_1 * (x2 & LOW);
      int key0 = k0 + round * WEYL_0;
      int key1 = k1 + round * WEYL_1;
      x0 = (int) (product1 >>> 32) ^ x1 ^ key0;
      x1 = (int) product1;
      x2 = (int) (product0 >>> 32) ^ x3 ^ key1;
      x3 = (int) product0;
    }
    return new long[] {(x0 & LOW) | ((long) x1 << 32), (x2 & LOW) | ((long) x3 << 32)};
  }
}
