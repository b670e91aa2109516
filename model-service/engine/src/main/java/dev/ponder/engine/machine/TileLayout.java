package dev.ponder.engine.machine;

/**
 * How packed weights lie. A matrix is a run of tiles of 16 rows, a tile a run of blocks of 32
 * columns. Where scales are products, 16 units of scales, and of minima if there are any, lie ahead
 * of every eight blocks, as half floats. A block is, in this order:
 *
 * <ul>
 *   <li>codes: 8 vectors of 64 bytes, byte {@code 4 r + j} of vector v being column {@code 4 v + j}
 *       of row r; as nibbles 4 vectors, vector v holding columns {@code 8 v + j} in the low halves
 *       and {@code 8 v + 4 + j} in the high ones;
 *   <li>16 scales a group, as {@link Scales} says;
 *   <li>16 minima, likewise, if the format has them.
 * </ul>
 *
 * Codes are unsigned: weight = (code - zero) * scale + minimum.
 *
 * @param nibbles whether codes have four bits
 * @param groups groups of columns in a block with a scale each: 1 or 2
 * @param scales how scales and minima are stored
 * @param minimum whether there are minima
 * @param zero the code of zero: 0, or a power of two
 */
public record TileLayout(boolean nibbles, int groups, Scales scales, boolean minimum, int zero) {
  /** How scales and minima are stored. */
  public enum Scales {
    /** As half floats. */
    HALVES,
    /** As floats. */
    FLOATS,
    /** As signed bytes, each times the unit of its row: exact in float. */
    PRODUCTS
  }

  /** Blocks that share units. */
  public static final int UNIT_BLOCKS = 8;

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
    return switch (scales) {
      case HALVES -> 32;
      case FLOATS -> 64;
      case PRODUCTS -> 16;
    };
  }

  /** Returns where the minima of a block begin. */
  public int minimumAt() {
    return codeBytes() + groups * scaleBytes();
  }

  public int blockBytes() {
    return minimumAt() + (minimum ? scaleBytes() : 0);
  }

  /** Returns the bytes of units ahead of every eight blocks: of scales, then of minima. */
  public int unitBytes() {
    return scales == Scales.PRODUCTS ? ROWS * Short.BYTES * (minimum ? 2 : 1) : 0;
  }

  /** Returns where in a tile the units of a block lie. */
  public int unitsAt(int block) {
    return block / UNIT_BLOCKS * (UNIT_BLOCKS * blockBytes() + unitBytes());
  }

  /** Returns where in a tile a block begins. */
  public int blockAt(int block) {
    return unitsAt(block) + unitBytes() + block % UNIT_BLOCKS * blockBytes();
  }

  /** Whether a tile may have so many blocks: whole eights where they share units. */
  public boolean takes(int blocks) {
    return unitBytes() == 0 || blocks % UNIT_BLOCKS == 0;
  }

  /** Returns the bytes of a tile of so many blocks. */
  public long tileBytes(int blocks) {
    return (long) blocks * blockBytes() + (long) (blocks / UNIT_BLOCKS) * unitBytes();
  }

  /** Returns a name for people and files. */
  public String label() {
    return (nibbles ? "u4" : "u8")
        + (groups == 2 ? "x2" : "")
        + switch (scales) {
          case HALVES -> "h";
          case FLOATS -> "f";
          case PRODUCTS -> "p";
        }
        + (minimum ? "m" : "")
        + "z"
        + zero;
  }
}
