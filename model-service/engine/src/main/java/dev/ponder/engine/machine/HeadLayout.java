package dev.ponder.engine.machine;

/**
 * How the keys, or values, of a head lie in a page of 32 tokens: keys [dimension][token], values
 * [token][dimension]; as half floats, or as signed bytes behind which the half-float scales of
 * blocks of dimensions lie, keys' [block][token], values' [token][block].
 *
 * @param headSize a multiple of 16
 * @param scaled dimensions of signed bytes that share a scale, a multiple of 16; 0 for half floats
 */
public record HeadLayout(int headSize, int scaled) {
  /** Tokens of a page. */
  static final int PAGE = 32;

  /** Whether signed bytes are stored. */
  boolean bytes() {
    return scaled > 0;
  }

  /** Returns the bytes of a dimension of a token. */
  int elementBytes() {
    return bytes() ? 1 : Short.BYTES;
  }

  /** Returns the blocks of a head that have a scale, 0 for half floats. */
  int blocks() {
    return bytes() ? (headSize + scaled - 1) / scaled : 0;
  }

  /** Returns the block of a dimension, of bytes. */
  int block(int dimension) {
    return dimension / scaled;
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
