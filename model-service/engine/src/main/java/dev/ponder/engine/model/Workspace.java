package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kv.KvSequence;

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

  /** Runs of up to {@link #RUN} rows of one sequence, or of siblings, which attend together. */
  static final int RUN = 32;

  /** Runs times key heads that each member should get at least. */
  static final int THINGS_A_MEMBER = 3;

  /** Siblings that share a run at most. */
  private static final int MOST_SIBLINGS = 8;

  final int[] runStart;
  final int[] runLength;
  int runs;

  /** The attention of batches with few runs. */
  final PieceList pieces;

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
    pieces = new PieceList(shape, rows, singleInputs.length);
  }

  /**
   * Finds the runs of a batch, and whether their attention is cut into pieces.
   *
   * @param siblings how many sequences whose first pages are the same may share a run
   */
  void prepare(Batch batch, int siblings) {
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
      if (row > 0 && runLength[runs - 1] < mostWithNext(batch, row, siblings)) {
        runLength[runs - 1]++;
      } else {
        runStart[runs] = row;
        runLength[runs] = 1;
        runs++;
      }
    }
    pieces.prepare(batch, runs);
  }

  /** Returns how long the run before a row may be for the row to join it. */
  private static int mostWithNext(Batch batch, int row, int siblings) {
    KvSequence before = batch.sequence(row - 1);
    KvSequence next = batch.sequence(row);
    if (before == next) {
      return RUN;
    }
    boolean related = before.pool() == next.pool() && before.page(0) == next.page(0);
    return related ? siblings : 0;
  }

  /**
   * Returns how many siblings should share a run: many read the prompt's pages together, but runs
   * times key heads are what members divide among them. Even, since two rows of three heads fill a
   * tile.
   */
  static int siblings(int rows, int keyHeads, int members) {
    return Math.clamp(
        (long) rows * keyHeads / ((long) THINGS_A_MEMBER * members) / 2 * 2, 2, MOST_SIBLINGS);
  }
}
