package dev.ponder.engine.kernel;

import dev.ponder.engine.format.Unpacked;

/** Private memory of a worker of the vector tier. */
final class VectorScratch extends Scratch {
  /** Two tiles side by side: the outputs of one run of the many-row kernel. */
  static final int PANEL = 2 * Matrix.TILE;

  final float[] lanes = new float[Lanes.COUNT];

  // of queries that attend together: what they are, how many tokens they see, and what comes of it
  final float[] queries;
  final int[] ends = new int[VectorSums.TOGETHER];
  final float[] scores = new float[VectorSums.TOGETHER * VectorSums.ROOM];
  final float[] max = new float[VectorSums.TOGETHER];
  final float[] sum = new float[VectorSums.TOGETHER];
  final float[][] pieces;
  final float[] aside = new float[VectorSums.ASIDE];

  /** Integer weights of two tiles as floats, [column][PANEL]. */
  final float[] panel;

  /**
   * Unsigned codes of two tiles as shorts, [pair of columns][PANEL][2], for the kernel that
   * multiplies in shorts; see {@link VectorActivations#pairs} for which columns make a pair.
   */
  final short[] shorts;

  /** Scales and minima of the panel, [group][PANEL] and [block][PANEL]. */
  final float[] scales;

  final float[] minima;

  /** Block dot products and running sums of eight activation rows, [row][PANEL]. */
  final float[] dots = new float[VectorActivations.GROUP * PANEL];

  final float[] upperDots = new float[VectorActivations.GROUP * PANEL];
  final float[] sums = new float[VectorActivations.GROUP * PANEL];

  /** Exponentials. */
  final float[] weights;

  /** Rows of float weights that are multiplied together, and the lanes of their products. */
  final float[][] floatRows;

  final float[] floatLanes =
      new float[VectorFloatKernels.TOGETHER * VectorFloatKernels.TOGETHER * Lanes.COUNT];

  final Unpacked row;

  VectorScratch(int cols) {
    int room = (cols + 255) / 256 * 256;
    queries = new float[Math.max(room, VectorSums.TOGETHER * VectorSums.ROOM)];
    pieces = new float[VectorSums.TOGETHER][room];
    panel = new float[room * PANEL];
    shorts = new short[room * PANEL];
    scales = new float[room / 16 * PANEL];
    minima = new float[room / 32 * PANEL];
    weights = new float[(cols + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT];
    floatRows = new float[VectorFloatKernels.TOGETHER][weights.length];
    row = new Unpacked(cols);
  }

  /** The tokens that any of the first {@code count} queries sees. */
  int greatestEnd(int count) {
    int most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, ends[i]);
    }
    return most;
  }
}
