package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Activations;

/**
 * The memory of a forward pass, one row each: the hidden state, what attention and feed-forward
 * compute in between, and the activations on their way into matrix products.
 */
final class Workspace {
  /** Hidden states, to which every block adds. */
  final float[][] hidden;

  /** Normalised hidden states. */
  final float[][] normed;

  /** Query, key and value heads, in this order. */
  final float[][] qkv;

  /** Attention's outputs, one head after the other. */
  final float[][] attended;

  /** Gate, then up; the gated product takes the place of the gate. */
  final float[][] gated;

  final Activations normedInput;

  /** One row a member, for batches of one row. */
  final Activations[] singleInputs;

  final Activations attendedInput;
  final Activations gatedInput;
  final Activations headInput;

  /** Runs of up to {@link #RUN} rows of one sequence, which attend together. */
  static final int RUN = 32;

  final int[] runStart;
  final int[] runLength;
  int runs;

  Workspace(
      ModelShape shape,
      int rows,
      Activations normedInput,
      Activations[] singleInputs,
      Activations attendedInput,
      Activations gatedInput,
      Activations headInput) {
    int attention = shape.heads() * shape.headSize();
    hidden = new float[rows][shape.width()];
    normed = new float[rows][shape.width()];
    qkv = new float[rows][attention + 2 * shape.kvHeads() * shape.headSize()];
    attended = new float[rows][attention];
    gated = new float[rows][2 * shape.feedForward()];
    this.normedInput = normedInput;
    this.singleInputs = singleInputs;
    this.attendedInput = attendedInput;
    this.gatedInput = gatedInput;
    this.headInput = headInput;
    runStart = new int[rows];
    runLength = new int[rows];
  }

  /** Finds the runs of a batch. */
  void prepare(Batch batch) {
    int rows = batch.rows();
    normedInput.rows(rows);
    for (Activations single : singleInputs) {
      single.rows(1);
    }
    attendedInput.rows(rows);
    gatedInput.rows(rows);
    headInput.rows(batch.logitCount());
    runs = 0;
    for (int row = 0; row < rows; row++) {
      boolean continues =
          row > 0 && batch.sequence(row) == batch.sequence(row - 1) && runLength[runs - 1] < RUN;
      if (continues) {
        runLength[runs - 1]++;
      } else {
        runStart[runs] = row;
        runLength[runs] = 1;
        runs++;
      }
    }
  }
}
