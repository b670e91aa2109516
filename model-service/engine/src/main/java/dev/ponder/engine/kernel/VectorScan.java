package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link LogitScan} on vectors; loaded only when the Vector API's module is there. */
final class VectorScan {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();

  private VectorScan() {}

  static int largest(float[] x, int count) {
    int whole = count / WIDTH * WIDTH;
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < whole; i += WIDTH) {
      most = most.max(FloatVector.fromArray(F, x, i)); // NaN if either is
    }
    float largest = most.reduceLanes(MAX);
    for (int i = whole; i < count; i++) {
      largest = Math.max(largest, x[i]);
    }
    return Float.isNaN(largest) ? -1 : indexOf(largest, x, whole, count);
  }

  private static int indexOf(float value, float[] x, int whole, int count) {
    for (int i = 0; i < whole; i += WIDTH) {
      int lane = FloatVector.fromArray(F, x, i).compare(EQ, value).firstTrue();
      if (lane < WIDTH) {
        return i + lane;
      }
    }
    for (int i = whole; i < count; i++) {
      if (x[i] == value) {
        return i;
      }
    }
    throw new IllegalStateException("the largest is not among its own");
  }

  /** Replaces whole vectors; returns how many floats that were. */
  static int exponentials(float[] x, int count) {
    int whole = count / WIDTH * WIDTH;
    VectorExp.replace(x, 0, whole);
    return whole;
  }
}
