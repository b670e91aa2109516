package dev.ponder.engine.machine;

/**
 * How the keys, or values, of a head lie in a page of 32 tokens: keys [dimension][token], values
 * [token][dimension]; as half floats, or as signed bytes behind which the half-float scales of
 * blocks of 32 dimensions lie, keys' [block][token], values' [token][block].
 *
 * @param headSize a multiple of 16
 * @param bytes whether signed bytes are stored
 */
public record HeadLayout(int headSize, boolean bytes) {
  /** Tokens of a page. */
  static final int PAGE = 32;

  private static final int BLOCK = 32;

  /** Returns the bytes of a dimension of a token. */
  int elementBytes() {
    return bytes ? 1 : Short.BYTES;
  }

  /** Returns the blocks of a head that have a scale, 0 for half floats. */
  int blocks() {
    return bytes ? (headSize + BLOCK - 1) / BLOCK : 0;
  }

  /** Returns the block of a dimension. */
  int block(int dimension) {
    return dimension / BLOCK;
  }

  /** Returns where the scales of a page begin. */
  int scalesAt() {
    return PAGE * headSize * elementBytes();
  }

  /** Returns the bytes of a page. */
  int pageBytes() {
    return scalesAt() + PAGE * blocks() * Short.BYTES;
  }
}
