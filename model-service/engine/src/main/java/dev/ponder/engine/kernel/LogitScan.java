package dev.ponder.engine.kernel;

/**
 * What sampling does with whole rows of logits. The same bits with vectors and without, so that the
 * tier of the model does not matter here: vectors are used where they are.
 */
public final class LogitScan {
  private static final boolean VECTORS =
      ModuleLayer.boot().findModule(KernelTier.VECTOR_MODULE).isPresent()
          && VectorProbe.preferredBits() >= 128;

  private LogitScan() {}

  /**
   * Returns the index of the largest of the first {@code count} floats, one or more: the lowest of
   * equal ones; -1 if one is NaN.
   */
  public static int largest(float[] x, int count) {
    return VECTORS ? VectorScan.largest(x, count) : plainLargest(x, count);
  }

  /** Replaces the first {@code count} floats by their exponentials. */
  public static void exponentials(float[] x, int count) {
    int whole = VECTORS ? VectorScan.exponentials(x, count) : 0;
    for (int i = whole; i < count; i++) {
      x[i] = Exp.exp(x[i]);
    }
  }

  static int plainLargest(float[] x, int count) {
    int best = 0;
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      if (x[i] > largest) {
        largest = x[i];
        best = i;
      } else if (Float.isNaN(x[i])) {
        return -1;
      }
    }
    return best;
  }
}
