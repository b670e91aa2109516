package dev.ponder.engine.format;

/**
 * A row of weights taken apart: room for {@code cols} integers, scales and minima of quantised
 * ones, or for as many half floats.
 */
public final class Unpacked {
  private static final int SMALLEST_GROUP = 16;
  private static final int LARGEST_BLOCK = 256;

  final byte[] w;
  final float[] d;
  final float[] m;

  /** A row as it is stored. */
  final short[] halves;

  public Unpacked(int cols) {
    int room = (cols + LARGEST_BLOCK - 1) / LARGEST_BLOCK * LARGEST_BLOCK;
    w = new byte[room];
    d = new float[room / SMALLEST_GROUP];
    m = new float[room / SMALLEST_GROUP];
    halves = new short[room];
  }

  /** Returns the integers, zero point taken off. */
  public byte[] weights() {
    return w;
  }

  /** Returns one scale a group. */
  public float[] scales() {
    return d;
  }

  /** Returns one minimum a group, meaningless in formats without. */
  public float[] minima() {
    return m;
  }
}
