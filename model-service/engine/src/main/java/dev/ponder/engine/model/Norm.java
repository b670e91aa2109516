package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Activations;

/** Normalises hidden states on their way into the next matrix products. */
final class Norm {
  private Norm() {}

  /**
   * Returns the normalised rows of a batch, complete for every member. Members share the rows; but
   * a single row each of them normalises for itself, which takes less time than meeting again.
   */
  static Activations rows(Workspace work, float[] gain, float epsilon, int rows, Step step) {
    if (rows == 1) {
      Activations own = work.singleInputs[step.member()];
      step.kernels.rmsNorm(work.hidden[0], gain, epsilon, step.normed, step.scratch);
      own.set(0, step.normed, 0, gain.length);
      return own;
    }
    for (int row = step.from(rows); row < step.to(rows); row++) {
      step.kernels.rmsNorm(work.hidden[row], gain, epsilon, work.normed[row], step.scratch);
      work.normedInput.set(row, work.normed[row], 0, gain.length);
    }
    step.sync();
    return work.normedInput;
  }
}
