package dev.ponder.engine.machine;

/**
 * How packed weights lie. A matrix is a run of tiles of 16 rows, a tile a run of blocks of 32
 * columns. A block is, in this order:
 *
 * <ul>
 *   <li>codes: 8 vectors of 64 bytes, byte {@code 4 r + j} of vector v being column {@code 4 v + j}
 *       of row r; as nibbles 4 vectors, vector v holding columns {@code 8 v + j} in the low halves
 *       and {@code 8 v + 4 + j} in the high ones;
 *   <li>16 scales a group, as half floats where they are exact, else as floats;
 *   <li>16 minima, likewise, if the format has them.
 * </ul>
 *
 * Codes are unsigned: weight = (code - zero) * scale + minimum.
 *
 * @param nibbles whether codes have four bits
 * @param groups groups of columns in a block with a scale each: 1 or 2
 * @param halves whether scales and minima are half floats
 * @param minimum whether there are minima
 * @param zero the code of zero: 0, or a power of two
 */
public record TileLayout(boolean nibbles, int groups, boolean halves, boolean minimum, int zero) {
  /** Rows of a tile. */
  public static final int ROWS = 16;

  /** Columns of a block. */
  public static final int BLOCK = 32;

  public TileLayout {
    boolean known =
        switch (zero) {
          case 0, Activation.ZERO_LOW, Activation.ZERO_FIFTH, Activation.ZERO_HIGH -> groups == 1;
          case Activation.ZERO_HALVES -> groups == 2;
          default -> false;
        };
    if (!known) {
      throw new IllegalArgumentException("layout: " + groups + " groups, zero " + zero);
    }
  }

  public int codeBytes() {
    return nibbles ? 256 : 512;
  }

  /** Returns the bytes of 16 scales. */
  public int scaleBytes() {
    return halves ? 32 : 64;
  }

  /** Returns where the minima of a block begin. */
  public int minimumAt() {
    return codeBytes() + groups * scaleBytes();
  }

  public int blockBytes() {
    return minimumAt() + (minimum ? scaleBytes() : 0);
  }

  /** Returns a name for people and files. */
  public String label() {
    return (nibbles ? "u4" : "u8")
        + (groups == 2 ? "x2" : "")
        + (halves ? "h" : "f")
        + (minimum ? "m" : "")
        + "z"
        + zero;
  }
}
