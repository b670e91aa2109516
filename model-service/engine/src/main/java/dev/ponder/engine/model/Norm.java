package dev.ponder.engine.model;

/** Normalises a member's rows on their way into the next matrix products. */
final class Norm {
  private Norm() {}

  static void rows(
      float[][] hidden, float[] gain, float epsilon, Workspace work, int rows, Step step) {
    for (int row = step.from(rows); row < step.to(rows); row++) {
      step.kernels.rmsNorm(hidden[row], gain, epsilon, work.normed[row], step.scratch);
      work.normedInput.set(row, work.normed[row], 0, gain.length);
    }
  }
}
