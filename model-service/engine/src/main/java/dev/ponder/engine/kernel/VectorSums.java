package dev.ponder.engine.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weighted sums of rows of floats, a vector of columns at a time: both products of attention. Row i
 * goes to virtual lane i mod 16, and a lane is a whole vector here: nothing is ever added across
 * one. Coefficients go on with zeros to a multiple of the lanes; behind the last row a row of zeros
 * is read, since what lies there may be no number.
 */
final class VectorSums {
  /** Sums that {@link #four} forms. */
  static final int TOGETHER = 4;

  /** Room of the coefficients of one of the four. */
  static final int ROOM = Kernels.PIECE_TOKENS;

  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();
  private static final int LANES = Lanes.COUNT;

  /** Floats that {@link #four} wants to put lanes aside, joined two by two. */
  static final int ASIDE = LANES / 2 * TOGETHER * WIDTH;

  private VectorSums() {}

  /**
   * One sum.
   *
   * @param rows row i lies at {@code at + i * stride}
   * @param zeros where a row of zeros lies
   * @param out the sum, a vector
   */
  static void one(
      float[] coefficients, float[] rows, int at, int stride, int count, int zeros, float[] out) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    FloatVector a8 = FloatVector.zero(F);
    FloatVector a9 = FloatVector.zero(F);
    FloatVector a10 = FloatVector.zero(F);
    FloatVector a11 = FloatVector.zero(F);
    FloatVector a12 = FloatVector.zero(F);
    FloatVector a13 = FloatVector.zero(F);
    FloatVector a14 = FloatVector.zero(F);
    FloatVector a15 = FloatVector.zero(F);
    int row = at;
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
      a0 =
          FloatVector.fromArray(F, rows, row + 0 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i]), a0);
      a1 =
          FloatVector.fromArray(F, rows, row + 1 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 1]), a1);
      a2 =
          FloatVector.fromArray(F, rows, row + 2 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 2]), a2);
      a3 =
          FloatVector.fromArray(F, rows, row + 3 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 3]), a3);
      a4 =
          FloatVector.fromArray(F, rows, row + 4 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 4]), a4);
      a5 =
          FloatVector.fromArray(F, rows, row + 5 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 5]), a5);
      a6 =
          FloatVector.fromArray(F, rows, row + 6 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 6]), a6);
      a7 =
          FloatVector.fromArray(F, rows, row + 7 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 7]), a7);
      a8 =
          FloatVector.fromArray(F, rows, row + 8 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 8]), a8);
      a9 =
          FloatVector.fromArray(F, rows, row + 9 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 9]), a9);
      a10 =
          FloatVector.fromArray(F, rows, row + 10 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 10]), a10);
      a11 =
          FloatVector.fromArray(F, rows, row + 11 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 11]), a11);
      a12 =
          FloatVector.fromArray(F, rows, row + 12 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 12]), a12);
      a13 =
          FloatVector.fromArray(F, rows, row + 13 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 13]), a13);
      a14 =
          FloatVector.fromArray(F, rows, row + 14 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 14]), a14);
      a15 =
          FloatVector.fromArray(F, rows, row + 15 * stride)
              .fma(FloatVector.broadcast(F, coefficients[i + 15]), a15);
      row += LANES * stride;
    }
    if (i < count) {
      a0 =
          FloatVector.fromArray(F, rows, i + 0 < count ? row + 0 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i]), a0);
      a1 =
          FloatVector.fromArray(F, rows, i + 1 < count ? row + 1 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 1]), a1);
      a2 =
          FloatVector.fromArray(F, rows, i + 2 < count ? row + 2 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 2]), a2);
      a3 =
          FloatVector.fromArray(F, rows, i + 3 < count ? row + 3 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 3]), a3);
      a4 =
          FloatVector.fromArray(F, rows, i + 4 < count ? row + 4 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 4]), a4);
      a5 =
          FloatVector.fromArray(F, rows, i + 5 < count ? row + 5 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 5]), a5);
      a6 =
          FloatVector.fromArray(F, rows, i + 6 < count ? row + 6 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 6]), a6);
      a7 =
          FloatVector.fromArray(F, rows, i + 7 < count ? row + 7 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 7]), a7);
      a8 =
          FloatVector.fromArray(F, rows, i + 8 < count ? row + 8 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 8]), a8);
      a9 =
          FloatVector.fromArray(F, rows, i + 9 < count ? row + 9 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 9]), a9);
      a10 =
          FloatVector.fromArray(F, rows, i + 10 < count ? row + 10 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 10]), a10);
      a11 =
          FloatVector.fromArray(F, rows, i + 11 < count ? row + 11 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 11]), a11);
      a12 =
          FloatVector.fromArray(F, rows, i + 12 < count ? row + 12 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 12]), a12);
      a13 =
          FloatVector.fromArray(F, rows, i + 13 < count ? row + 13 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 13]), a13);
      a14 =
          FloatVector.fromArray(F, rows, i + 14 < count ? row + 14 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 14]), a14);
      a15 =
          FloatVector.fromArray(F, rows, i + 15 < count ? row + 15 * stride : zeros)
              .fma(FloatVector.broadcast(F, coefficients[i + 15]), a15);
    }
    a0 = a0.add(a8);
    a1 = a1.add(a9);
    a2 = a2.add(a10);
    a3 = a3.add(a11);
    a4 = a4.add(a12);
    a5 = a5.add(a13);
    a6 = a6.add(a14);
    a7 = a7.add(a15);
    a0 = a0.add(a4);
    a1 = a1.add(a5);
    a2 = a2.add(a6);
    a3 = a3.add(a7);
    a0 = a0.add(a2);
    a1 = a1.add(a3);
    a0 = a0.add(a1);
    a0.intoArray(out, 0);
  }

  /**
   * Four sums over the same rows, each of which is loaded once for all. Two lanes are summed and
   * joined before the next two are begun: four times 16 would not fit the registers.
   *
   * @param coefficients of the four, {@link #ROOM} apart
   * @param rows row i lies at {@code at + i * stride}
   * @param whole rows that all four have, a multiple of the lanes
   * @param ends how many rows each has, at most a lane's round more than {@code whole}
   * @param zeros where a row of zeros lies
   * @param aside room for {@link #ASIDE} floats
   * @param out the sums, a vector each
   */
  static void four(
      float[] coefficients,
      float[] rows,
      int at,
      int stride,
      int whole,
      int[] ends,
      int zeros,
      float[] aside,
      float[] out) {
    boolean ragged = ends[0] > whole || ends[1] > whole || ends[2] > whole || ends[3] > whole;
    for (int lane = 0; lane < LANES / 2; lane++) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = FloatVector.zero(F);
      FloatVector a2 = FloatVector.zero(F);
      FloatVector a3 = FloatVector.zero(F);
      FloatVector b0 = FloatVector.zero(F);
      FloatVector b1 = FloatVector.zero(F);
      FloatVector b2 = FloatVector.zero(F);
      FloatVector b3 = FloatVector.zero(F);
      int row = at + lane * stride;
      int i = lane;
      for (; i < whole; i += LANES) {
        FloatVector low = FloatVector.fromArray(F, rows, row);
        FloatVector high = FloatVector.fromArray(F, rows, row + LANES / 2 * stride);
        a0 = low.fma(FloatVector.broadcast(F, coefficients[i]), a0);
        b0 = high.fma(FloatVector.broadcast(F, coefficients[i + LANES / 2]), b0);
        a1 = low.fma(FloatVector.broadcast(F, coefficients[ROOM + i]), a1);
        b1 = high.fma(FloatVector.broadcast(F, coefficients[ROOM + i + LANES / 2]), b1);
        a2 = low.fma(FloatVector.broadcast(F, coefficients[2 * ROOM + i]), a2);
        b2 = high.fma(FloatVector.broadcast(F, coefficients[2 * ROOM + i + LANES / 2]), b2);
        a3 = low.fma(FloatVector.broadcast(F, coefficients[3 * ROOM + i]), a3);
        b3 = high.fma(FloatVector.broadcast(F, coefficients[3 * ROOM + i + LANES / 2]), b3);
        row += LANES * stride;
      }
      if (ragged) {
        int j = i + LANES / 2;
        int next = row + LANES / 2 * stride;
        a0 =
            FloatVector.fromArray(F, rows, i < ends[0] ? row : zeros)
                .fma(FloatVector.broadcast(F, coefficients[i]), a0);
        b0 =
            FloatVector.fromArray(F, rows, j < ends[0] ? next : zeros)
                .fma(FloatVector.broadcast(F, coefficients[j]), b0);
        a1 =
            FloatVector.fromArray(F, rows, i < ends[1] ? row : zeros)
                .fma(FloatVector.broadcast(F, coefficients[ROOM + i]), a1);
        b1 =
            FloatVector.fromArray(F, rows, j < ends[1] ? next : zeros)
                .fma(FloatVector.broadcast(F, coefficients[ROOM + j]), b1);
        a2 =
            FloatVector.fromArray(F, rows, i < ends[2] ? row : zeros)
                .fma(FloatVector.broadcast(F, coefficients[2 * ROOM + i]), a2);
        b2 =
            FloatVector.fromArray(F, rows, j < ends[2] ? next : zeros)
                .fma(FloatVector.broadcast(F, coefficients[2 * ROOM + j]), b2);
        a3 =
            FloatVector.fromArray(F, rows, i < ends[3] ? row : zeros)
                .fma(FloatVector.broadcast(F, coefficients[3 * ROOM + i]), a3);
        b3 =
            FloatVector.fromArray(F, rows, j < ends[3] ? next : zeros)
                .fma(FloatVector.broadcast(F, coefficients[3 * ROOM + j]), b3);
      }
      int to = lane * TOGETHER * WIDTH;
      a0.add(b0).intoArray(aside, to);
      a1.add(b1).intoArray(aside, to + WIDTH);
      a2.add(b2).intoArray(aside, to + 2 * WIDTH);
      a3.add(b3).intoArray(aside, to + 3 * WIDTH);
    }
    for (int i = 0; i < TOGETHER * WIDTH; i += WIDTH) {
      FloatVector a0 = FloatVector.fromArray(F, aside, i);
      FloatVector a1 = FloatVector.fromArray(F, aside, i + TOGETHER * WIDTH);
      FloatVector a2 = FloatVector.fromArray(F, aside, i + 2 * TOGETHER * WIDTH);
      FloatVector a3 = FloatVector.fromArray(F, aside, i + 3 * TOGETHER * WIDTH);
      FloatVector a4 = FloatVector.fromArray(F, aside, i + 4 * TOGETHER * WIDTH);
      FloatVector a5 = FloatVector.fromArray(F, aside, i + 5 * TOGETHER * WIDTH);
      FloatVector a6 = FloatVector.fromArray(F, aside, i + 6 * TOGETHER * WIDTH);
      FloatVector a7 = FloatVector.fromArray(F, aside, i + 7 * TOGETHER * WIDTH);
      a0 = a0.add(a4);
      a1 = a1.add(a5);
      a2 = a2.add(a6);
      a3 = a3.add(a7);
      a0 = a0.add(a2);
      a1 = a1.add(a3);
      a0 = a0.add(a1);
      a0.intoArray(out, i);
    }
  }
}
