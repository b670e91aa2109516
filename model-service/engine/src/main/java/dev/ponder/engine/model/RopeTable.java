package dev.ponder.engine.model;

import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding. Angles come from StrictMath in double and are rounded once, so they
 * are the same everywhere. Pairs are neighbours (2i, 2i + 1), as llama files store them. Positions
 * are tabled in chunks when first needed.
 */
final class RopeTable {
  private static final int CHUNK = 256;

  private final double[] frequencies;
  private final int dimensions;
  private final float[] @Nullable [] chunks;

  /**
   * @param divisors per pair, what its frequency is divided by, or null
   */
  RopeTable(ModelShape shape, float @Nullable [] divisors) {
    dimensions = shape.ropeDimensions();
    frequencies = new double[dimensions / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = StrictMath.pow(shape.ropeBase(), -2.0 * i / dimensions);
      frequencies[i] = frequency / shape.ropeScale() / (divisors == null ? 1 : divisors[i]);
    }
    chunks = new float[(shape.contextLength() + CHUNK - 1) / CHUNK][];
  }

  /** Makes sure that {@link #rotate} knows a position. Called by one thread, before the team. */
  void prepare(int position) {
    if (chunks[position / CHUNK] == null) {
      chunks[position / CHUNK] = table(position / CHUNK * CHUNK);
    }
  }

  private float[] table(int first) {
    float[] table = new float[CHUNK * dimensions];
    for (int p = 0; p < CHUNK; p++) {
      for (int i = 0; i < frequencies.length; i++) {
        double angle = (first + p) * frequencies[i];
        table[p * dimensions + 2 * i] = (float) StrictMath.cos(angle);
        table[p * dimensions + 2 * i + 1] = (float) StrictMath.sin(angle);
      }
    }
    return table;
  }

  /** Rotates the head at {@code x[at]} in place. */
  void rotate(float[] x, int at, int position) {
    float[] table = chunks[position / CHUNK];
    if (table == null) {
      throw new IllegalStateException("position: " + position + " (expected: prepared)");
    }
    int angle = position % CHUNK * dimensions;
    for (int i = 0; i < dimensions; i += 2) {
      float cos = table[angle + i];
      float sin = table[angle + i + 1];
      float even = x[at + i];
      float odd = x[at + i + 1];
      x[at + i] = Math.fma(even, cos, odd * -sin);
      x[at + i + 1] = Math.fma(odd, cos, even * sin);
    }
  }
}
