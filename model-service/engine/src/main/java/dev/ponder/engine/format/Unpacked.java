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

  /** What scales and minima are products of, in formats that have factors. */
  final byte[] scaleSteps;

  final byte[] minimumSteps;
  final short[] scaleUnits;
  final short[] minimumUnits;

  /** A row as it is stored. */
  final short[] halves;

  public Unpacked(int cols) {
    int room = (cols + LARGEST_BLOCK - 1) / LARGEST_BLOCK * LARGEST_BLOCK;
    w = new byte[room];
    d = new float[room / SMALLEST_GROUP];
    m = new float[room / SMALLEST_GROUP];
    scaleSteps = new byte[d.length];
    minimumSteps = new byte[m.length];
    scaleUnits = new short[room / LARGEST_BLOCK];
    minimumUnits = new short[room / LARGEST_BLOCK];
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

  /** Returns one integer a group, of which the scale is so many units. */
  public byte[] scaleSteps() {
    return scaleSteps;
  }

  /** Returns one integer a group, of which the minimum is so many units. */
  public byte[] minimumSteps() {
    return minimumSteps;
  }

  /** Returns the unit of the scales of each 256 weights, as the bits of a half float. */
  public short[] scaleUnits() {
    return scaleUnits;
  }

  /** Returns the unit of the minima of each 256 weights, likewise. */
  public short[] minimumUnits() {
    return minimumUnits;
  }
}
