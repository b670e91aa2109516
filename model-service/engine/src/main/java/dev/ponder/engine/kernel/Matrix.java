package dev.ponder.engine.kernel;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A weight matrix in the layout of one tier: {@code rows} outputs of {@code cols} inputs each. Work
 * on it is handed out in tiles of {@link #TILE} rows. Immutable.
 */
public abstract class Matrix {
  /** Rows of a tile. */
  public static final int TILE = 16;

  private final String name;
  private final int rows;
  private final int cols;
  private final float @Nullable [] bias;

  Matrix(String name, int rows, int cols, float @Nullable [] bias) {
    if (rows <= 0 || cols <= 0 || (bias != null && bias.length != rows)) {
      throw new IllegalArgumentException(name + ": " + rows + " x " + cols);
    }
    this.name = name;
    this.rows = rows;
    this.cols = cols;
    this.bias = bias;
  }

  public final String name() {
    return name;
  }

  public final int rows() {
    return rows;
  }

  public final int cols() {
    return cols;
  }

  /** Returns the number of tiles; the last may be partial. */
  public final int tiles() {
    return (rows + TILE - 1) / TILE;
  }

  /** Returns the bytes that one pass over the weights reads. */
  public abstract long bytes();

  /** Whether the product needs activations as they are rather than quantised. */
  public abstract boolean takesFloats();

  /**
   * Gives the system back the memory of a file's weights that have been laid out anew; whoever
   * reads them again has them brought in again.
   */
  static void release(MemorySegment weights) {
    if (weights.isMapped()) {
      weights.unload();
    }
  }

  final float bias(int row) {
    return bias == null ? 0 : bias[row];
  }

  final boolean hasBias() {
    return bias != null;
  }

  /** Adds the bias and stores one output, or adds it to what is there. */
  final void store(float value, int row, float[] y, int at, boolean add) {
    float output = bias == null ? value : value + bias[row];
    y[at] = add ? y[at] + output : output;
  }
}
