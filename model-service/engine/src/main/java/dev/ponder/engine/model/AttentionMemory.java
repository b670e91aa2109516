package dev.ponder.engine.model;

import dev.ponder.engine.kernel.AttentionState;
import dev.ponder.engine.kernel.Kernels;

/** What one member needs to attend: a piece of keys and values as floats, and sums in progress. */
final class AttentionMemory {
  final float[] keys;

  /** One row more than a piece has tokens: the kernels want a row of zeros at the end. */
  final float[] values;

  final AttentionState[] states;

  /** The pages of a piece. */
  final int[] pages = new int[Kernels.PIECE_TOKENS / Kernels.PAGE_TOKENS];

  /** Where the pages of a piece lie, for kernels that read them as they are. */
  final long[] keyPages = new long[Kernels.PIECE_TOKENS / Kernels.PAGE_TOKENS];

  final long[] valuePages = new long[Kernels.PIECE_TOKENS / Kernels.PAGE_TOKENS];

  /** How many tokens of a piece each row of a run sees. */
  final int[] tokens = new int[Workspace.RUN];

  AttentionMemory(ModelShape shape) {
    int size = shape.headSize();
    keys = new float[Kernels.PIECE_TOKENS * size];
    values = new float[(Kernels.PIECE_TOKENS + 1) * size];
    states = new AttentionState[Workspace.RUN * (shape.heads() / shape.kvHeads())];
    for (int i = 0; i < states.length; i++) {
      states[i] = new AttentionState(size);
    }
  }
}
