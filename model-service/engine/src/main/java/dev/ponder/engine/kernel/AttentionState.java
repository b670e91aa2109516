package dev.ponder.engine.kernel;

/** A softmax-weighted sum in progress: the greatest score, the sum of weights, weighted values. */
public final class AttentionState {
  final float[] values;
  boolean empty = true;
  float max;
  float sum;

  public AttentionState(int headSize) {
    values = new float[headSize];
  }

  /** Forgets everything. */
  public void clear() {
    empty = true;
  }

  int headSize() {
    return values.length;
  }

  /** Takes in the first piece, whose weighted values are in {@link #values} already. */
  void begin(float pieceMax, float pieceSum) {
    max = pieceMax;
    sum = pieceSum;
    empty = false;
  }

  /** Takes in the pieces of another state, which come next; nothing, if it is empty. */
  public void merge(AttentionState next) {
    if (!next.empty) {
      merge(next.max, next.sum, next.values);
    }
  }

  /**
   * Takes in the next piece: scaled to the greater of both maxima, values and sums are added.
   *
   * @param piece the weighted values of the piece, which is not empty
   */
  void merge(float pieceMax, float pieceSum, float[] piece) {
    if (empty) {
      System.arraycopy(piece, 0, values, 0, values.length);
      begin(pieceMax, pieceSum);
      return;
    }
    float greatest = Math.max(max, pieceMax);
    float before = Exp.exp(max - greatest);
    float here = Exp.exp(pieceMax - greatest);
    for (int d = 0; d < values.length; d++) {
      values[d] = Math.fma(values[d], before, piece[d] * here);
    }
    sum = Math.fma(sum, before, pieceSum * here);
    max = greatest;
  }
}
