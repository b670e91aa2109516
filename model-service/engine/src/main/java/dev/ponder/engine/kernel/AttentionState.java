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
}
