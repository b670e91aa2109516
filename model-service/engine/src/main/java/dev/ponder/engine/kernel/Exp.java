package dev.ponder.engine.kernel;

/**
 * The exponential as a fixed sequence of IEEE operations, the same in every tier. With n the
 * integer nearest to x / ln 2 and r = x - n ln 2 in two steps, it is the Taylor polynomial of
 * degree 7 in r (error below 1e-8 for |r| <= ln 2 / 2) times 2^n in two factors, so that results
 * underflow gradually and overflow to infinity. NaN stays NaN.
 */
public final class Exp {
  static final float GREATEST = 89f;
  static final float LEAST = -104f;
  static final float LOG2_E = 0x1.715476p0f;

  /** 1.5 * 2^23: adding it rounds to an integer, ties to even, and leaves it in the low bits. */
  static final float ROUNDER = 12_582_912f;

  static final int ROUNDER_BITS = 0x4B400000;

  /** The upper 15 bits of ln 2: its product with n is exact. */
  static final float LN2_HIGH = 0x1.62e4p-1f;

  static final float LN2_LOW = 0x1.7f7d1cp-20f;
  static final float C2 = 0.5f;
  static final float C3 = 1 / 6f;
  static final float C4 = 1 / 24f;
  static final float C5 = 1 / 120f;
  static final float C6 = 1 / 720f;
  static final float C7 = 1 / 5040f;

  private Exp() {}

  /** Returns e to the argument. */
  public static float exp(float argument) {
    float x = argument > GREATEST ? GREATEST : argument;
    x = x < LEAST ? LEAST : x;
    float shifted = Math.fma(x, LOG2_E, ROUNDER);
    float n = shifted - ROUNDER;
    float r = Math.fma(n, -LN2_HIGH, x);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    int exponent = Float.floatToRawIntBits(shifted) - ROUNDER_BITS;
    int first = exponent >> 1;
    return p * power(first) * power(exponent - first);
  }

  /** {@code x / (1 + exp(-x))}. */
  static float silu(float x) {
    return x / (1f + exp(-x));
  }

  private static float power(int n) {
    return Float.intBitsToFloat((n + 127) << 23);
  }
}
