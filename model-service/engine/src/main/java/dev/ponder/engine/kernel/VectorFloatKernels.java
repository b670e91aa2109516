package dev.ponder.engine.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products with float weights, in the 16 virtual lanes of the definition: four outputs meet four
 * rows of activations, or the only one, in as many register sums.
 */
final class VectorFloatKernels {
  /** Outputs, and rows of activations, that are computed together. */
  static final int TOGETHER = 4;

  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

  /** Eight floats where a vector holds so many. */
  private static final VectorSpecies<Float> EIGHT = WIDTH >= 8 ? FloatVector.SPECIES_256 : FOUR;

  private static final int LANES = Lanes.COUNT;

  private VectorFloatKernels() {}

  static void multiply(
      ScalarMatrix w,
      VectorActivations x,
      float[][] y,
      int at,
      boolean add,
      int fromTile,
      int toTile,
      VectorScratch scratch) {
    int end = Math.min(toTile * Matrix.TILE, w.rows());
    int padded = (w.cols() + LANES - 1) / LANES * LANES;
    for (int output = fromTile * Matrix.TILE; output < end; output += TOGETHER) {
      int outputs = Math.min(TOGETHER, end - output);
      for (int i = 0; i < outputs; i++) {
        float[] weights = scratch.floatRows[i];
        w.format.decode(w.data, (output + i) * w.rowBytes, w.cols(), weights, scratch.row);
        Arrays.fill(weights, w.cols(), padded, 0);
      }
      for (int row = 0; row < x.rows(); row += TOGETHER) {
        int rows = Math.min(TOGETHER, x.rows() - row);
        for (int lane = 0; lane < LANES; lane += WIDTH) {
          if (x.rows() == 1) {
            dots(scratch.floatRows, x.x[0], lane, padded, scratch.floatLanes);
          } else {
            dots(scratch.floatRows, x.x, row, rows - 1, lane, padded, scratch.floatLanes);
          }
        }
        float[] lanes = scratch.floatLanes;
        halveTwice(lanes, rows * TOGETHER * LANES);
        for (int r = 0; r < rows; r++) {
          for (int i = 0; i < outputs; i++) {
            int product = (r * TOGETHER + i) * LANES;
            float even = lanes[product] + lanes[product + 2];
            float odd = lanes[product + 1] + lanes[product + 3];
            w.store(even + odd, output + i, y[row + r], at + output + i, add);
          }
        }
      }
    }
  }

  /** Joins lanes l and l + 8 of each product, then l and l + 4. */
  private static void halveTwice(float[] lanes, int count) {
    for (int at = 0; at < count; at += LANES) {
      for (int l = at; l < at + 8; l += EIGHT.length()) {
        FloatVector upper = FloatVector.fromArray(EIGHT, lanes, l + 8);
        FloatVector.fromArray(EIGHT, lanes, l).add(upper).intoArray(lanes, l);
      }
    }
    for (int at = 0; at < count; at += LANES) {
      FloatVector upper = FloatVector.fromArray(FOUR, lanes, at + 4);
      FloatVector.fromArray(FOUR, lanes, at).add(upper).intoArray(lanes, at);
    }
  }

  /** One row of activations; what comes of rows of weights that are not there is ignored. */
  private static void dots(float[][] weights, float[] x, int lane, int count, float[] lanes) {
    float[] w0 = weights[0];
    float[] w1 = weights[1];
    float[] w2 = weights[2];
    float[] w3 = weights[3];
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    for (int k = lane; k < count; k += LANES) {
      FloatVector q = FloatVector.fromArray(F, x, k);
      a0 = FloatVector.fromArray(F, w0, k).fma(q, a0);
      a1 = FloatVector.fromArray(F, w1, k).fma(q, a1);
      a2 = FloatVector.fromArray(F, w2, k).fma(q, a2);
      a3 = FloatVector.fromArray(F, w3, k).fma(q, a3);
    }
    a0.intoArray(lanes, lane);
    a1.intoArray(lanes, LANES + lane);
    a2.intoArray(lanes, 2 * LANES + lane);
    a3.intoArray(lanes, 3 * LANES + lane);
  }

  /** Four rows of activations, those behind the last one equal to it. */
  private static void dots(
      float[][] weights, float[][] x, int row, int last, int lane, int count, float[] lanes) {
    float[] w0 = weights[0];
    float[] w1 = weights[1];
    float[] w2 = weights[2];
    float[] w3 = weights[3];
    float[] x0 = x[row];
    float[] x1 = x[row + Math.min(1, last)];
    float[] x2 = x[row + Math.min(2, last)];
    float[] x3 = x[row + Math.min(3, last)];
    FloatVector a00 = FloatVector.zero(F);
    FloatVector a01 = FloatVector.zero(F);
    FloatVector a02 = FloatVector.zero(F);
    FloatVector a03 = FloatVector.zero(F);
    FloatVector a10 = FloatVector.zero(F);
    FloatVector a11 = FloatVector.zero(F);
    FloatVector a12 = FloatVector.zero(F);
    FloatVector a13 = FloatVector.zero(F);
    FloatVector a20 = FloatVector.zero(F);
    FloatVector a21 = FloatVector.zero(F);
    FloatVector a22 = FloatVector.zero(F);
    FloatVector a23 = FloatVector.zero(F);
    FloatVector a30 = FloatVector.zero(F);
    FloatVector a31 = FloatVector.zero(F);
    FloatVector a32 = FloatVector.zero(F);
    FloatVector a33 = FloatVector.zero(F);
    for (int k = lane; k < count; k += LANES) {
      FloatVector v0 = FloatVector.fromArray(F, w0, k);
      FloatVector v1 = FloatVector.fromArray(F, w1, k);
      FloatVector v2 = FloatVector.fromArray(F, w2, k);
      FloatVector v3 = FloatVector.fromArray(F, w3, k);
      FloatVector q0 = FloatVector.fromArray(F, x0, k);
      a00 = v0.fma(q0, a00);
      a01 = v1.fma(q0, a01);
      a02 = v2.fma(q0, a02);
      a03 = v3.fma(q0, a03);
      FloatVector q1 = FloatVector.fromArray(F, x1, k);
      a10 = v0.fma(q1, a10);
      a11 = v1.fma(q1, a11);
      a12 = v2.fma(q1, a12);
      a13 = v3.fma(q1, a13);
      FloatVector q2 = FloatVector.fromArray(F, x2, k);
      a20 = v0.fma(q2, a20);
      a21 = v1.fma(q2, a21);
      a22 = v2.fma(q2, a22);
      a23 = v3.fma(q2, a23);
      FloatVector q3 = FloatVector.fromArray(F, x3, k);
      a30 = v0.fma(q3, a30);
      a31 = v1.fma(q3, a31);
      a32 = v2.fma(q3, a32);
      a33 = v3.fma(q3, a33);
    }
    a00.intoArray(lanes, lane);
    a01.intoArray(lanes, LANES + lane);
    a02.intoArray(lanes, 2 * LANES + lane);
    a03.intoArray(lanes, 3 * LANES + lane);
    a10.intoArray(lanes, 4 * LANES + lane);
    a11.intoArray(lanes, 5 * LANES + lane);
    a12.intoArray(lanes, 6 * LANES + lane);
    a13.intoArray(lanes, 7 * LANES + lane);
    a20.intoArray(lanes, 8 * LANES + lane);
    a21.intoArray(lanes, 9 * LANES + lane);
    a22.intoArray(lanes, 10 * LANES + lane);
    a23.intoArray(lanes, 11 * LANES + lane);
    a30.intoArray(lanes, 12 * LANES + lane);
    a31.intoArray(lanes, 13 * LANES + lane);
    a32.intoArray(lanes, 14 * LANES + lane);
    a33.intoArray(lanes, 15 * LANES + lane);
  }
}
