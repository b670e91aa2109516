package dev.ponder.engine.kernel;

/**
 * The definition of quantised activations. A block x gets dx = max|x| / greatest and q = rint(x /
 * dx), ties to even, kept within the precision's range (which matters only where dx is subnormal).
 * A block whose dx is zero has q = 0. A block with NaN or infinity gets q = 0 and dx = NaN, so that
 * every output it enters is NaN.
 */
final class ScalarActivations extends Activations {
  private final int greatest;
  final float[][] x;
  final short[][] q;
  final float[][] scale;
  final int[][] sum;

  ScalarActivations(int capacity, int cols, ActivationPrecision precision, boolean quantised) {
    super(capacity, cols);
    this.greatest = precision.greatest();
    int blocks = quantised ? cols / BLOCK : 0;
    x = new float[capacity][cols];
    q = new short[capacity][blocks * BLOCK];
    scale = new float[capacity][blocks];
    sum = new int[capacity][blocks];
  }

  @Override
  public void set(int row, float[] from, int begin, int end) {
    System.arraycopy(from, begin, x[row], begin, end - begin);
    if (scale[row].length > 0) {
      for (int at = begin; at < end; at += BLOCK) {
        quantise(row, at);
      }
    }
  }

  private void quantise(int row, int at) {
    int greatestBits = 0;
    for (int i = at; i < at + BLOCK; i++) {
      greatestBits = Math.max(greatestBits, Float.floatToRawIntBits(x[row][i]) & 0x7FFFFFFF);
    }
    float amax = Float.intBitsToFloat(greatestBits);
    float dx = Float.isFinite(amax) ? amax / greatest : Float.NaN;
    int total = 0;
    for (int i = at; i < at + BLOCK; i++) {
      int value = 0;
      if (dx > 0) {
        float ratio = x[row][i] / dx;
        ratio = ratio > greatest ? greatest : ratio;
        ratio = ratio < -greatest ? -greatest : ratio;
        value = (int) Math.rint(ratio);
      }
      q[row][i] = (short) value;
      total += value;
    }
    scale[row][at / BLOCK] = dx;
    sum[row][at / BLOCK] = total;
  }
}
