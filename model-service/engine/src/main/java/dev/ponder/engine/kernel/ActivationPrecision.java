package dev.ponder.engine.kernel;

/** How finely activations are quantised before they meet quantised weights. */
public enum ActivationPrecision {
  /** One signed byte a value: faster where arithmetic is the limit, from 1B parameters on. */
  BITS8(8, 127),
  /** Two bytes a value, nearly exact. 32,639 = 127 * 256 + 127: both bytes stay signed bytes. */
  BITS16(16, 32_639);

  private static final long SMALL_MODEL = 1_000_000_000;

  private final int bits;
  private final int greatest;

  ActivationPrecision(int bits, int greatest) {
    this.bits = bits;
    this.greatest = greatest;
  }

  public int bits() {
    return bits;
  }

  /** Returns the greatest magnitude of a quantised activation. */
  public int greatest() {
    return greatest;
  }

  /** Returns the precision for a model that names none. */
  public static ActivationPrecision defaultFor(long parameters) {
    return parameters < SMALL_MODEL ? BITS16 : BITS8;
  }
}
