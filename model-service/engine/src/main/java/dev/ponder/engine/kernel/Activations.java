package dev.ponder.engine.kernel;

/**
 * Rows of activations on their way into a matrix product, in the form a tier's kernels read.
 * Quantised forms hold blocks of {@link #BLOCK} with one scale each. Different workers may fill
 * different rows, or different blocks of a row, at the same time.
 */
public abstract class Activations {
  /** Activations that share a scale. */
  public static final int BLOCK = 32;

  private final int capacity;
  private final int cols;
  private int rows;

  Activations(int capacity, int cols) {
    this.capacity = capacity;
    this.cols = cols;
  }

  public final int cols() {
    return cols;
  }

  public final int rows() {
    return rows;
  }

  /** Says how many rows the next product has. Called by one thread, before any row is filled. */
  public final void rows(int count) {
    if (count < 0 || count > capacity) {
      throw new IllegalArgumentException("rows: " + count + " (expected: 0 to " + capacity + ")");
    }
    rows = count;
  }

  /**
   * Takes over {@code x[from, to)} as the columns {@code [from, to)} of a row. Both bounds are
   * multiples of {@link #BLOCK} or the end of the row.
   */
  public abstract void set(int row, float[] x, int from, int to);
}
