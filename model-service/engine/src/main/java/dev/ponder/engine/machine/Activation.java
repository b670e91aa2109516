package dev.ponder.engine.machine;

/**
 * How activations lie: rows in groups of {@code stride} (1 or 8), each group a run of blocks. Per
 * block and plane [row][32] signed bytes, the high plane first; and beside them per block the
 * fields below, each [row].
 *
 * @param planes 1, or 2 for 16-bit activations: value = 256 * high + low
 * @param stride the rows that a group has room for
 */
public record Activation(int planes, int stride) {
  /** Rows of a group where there are several. */
  public static final int GROUP = 8;

  /** Words a row and block: dx, dx * s, -8 s, -128 s, -32 s of either half. */
  public static final int FIELDS = 6;

  public static final int DX = 0;
  public static final int SCALED_SUM = 1;
  public static final int LOW_CORRECTION = 2;
  public static final int HIGH_CORRECTION = 3;
  public static final int HALF_CORRECTION = 4;

  static final int ZERO_LOW = 8;
  static final int ZERO_FIFTH = 16;
  static final int ZERO_HIGH = 128;
  static final int ZERO_HALVES = 32;

  public Activation {
    if ((planes != 1 && planes != 2) || (stride != 1 && stride != GROUP)) {
      throw new IllegalArgumentException("activation: " + planes + " planes, stride " + stride);
    }
  }

  /** Returns the bytes of values in a block of a group. */
  public int blockBytes() {
    return planes * stride * TileLayout.BLOCK;
  }

  /** Returns the bytes of fields of a block of a group. */
  public int fieldBytes() {
    return FIELDS * stride * Integer.BYTES;
  }

  /** Returns where, in a block, the values of a row begin; plane 0 is the only or the high one. */
  public int valuesAt(int plane, int row) {
    return (plane * stride + row) * TileLayout.BLOCK;
  }

  /** Returns where, among the fields of a block, one of a row lies. */
  public int fieldAt(int field, int row) {
    return (field * stride + row) * Integer.BYTES;
  }
}
