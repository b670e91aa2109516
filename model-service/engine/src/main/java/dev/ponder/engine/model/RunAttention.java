package dev.ponder.engine.model;

import dev.ponder.engine.kernel.AttentionState;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;

/** Attention of a layer's queries to the pages of their sequences, piece by piece. */
final class RunAttention {
  private final int layer;
  private final int group;
  private final int headSize;
  private final float scale;

  RunAttention(ModelShape shape, int layer) {
    this.layer = layer;
    group = shape.heads() / shape.kvHeads();
    headSize = shape.headSize();
    scale = (float) (1 / StrictMath.sqrt(headSize));
  }

  /**
   * Attention of a run of rows in {@code count} query heads that share a key head, over the pieces
   * that begin in {@code [from, to)}.
   *
   * @param states one a head, row by row from {@code first} on; what a row does not see leaves them
   *     empty
   */
  void attend(
      Batch batch,
      int run,
      int from,
      int to,
      int firstHead,
      int count,
      AttentionState[] states,
      int first,
      Step step) {
    int row = batch.workspace.runStart[run];
    int rows = batch.workspace.runLength[run];
    int end = 0;
    for (int r = 0; r < rows; r++) {
      end = Math.max(end, batch.position(row + r) + 1);
    }
    for (int i = 0; i < rows * count; i++) {
      states[first + i].clear();
    }
    for (int start = from; start < Math.min(end, to); start += Kernels.PIECE_TOKENS) {
      if (step.attendsStored) {
        attendStored(batch, row, rows, start, firstHead, count, states, first, step);
      } else {
        attendLoaded(batch, row, rows, start, firstHead, count, states, first, step);
      }
    }
  }

  /** A piece for rows of one sequence, by kernels that want floats. */
  private void attendLoaded(
      Batch batch,
      int row,
      int rows,
      int start,
      int firstHead,
      int count,
      AttentionState[] states,
      int first,
      Step step) {
    AttentionMemory memory = step.attention;
    int position = batch.position(row);
    int seen = Math.min(position + rows - start, Kernels.PIECE_TOKENS);
    load(batch.sequence(row), start, seen, firstHead, step);
    for (int r = Math.max(0, start - position); r < rows; r++) {
      int tokens = Math.min(position + r + 1 - start, Kernels.PIECE_TOKENS);
      for (int h = 0; h < count; h++) {
        step.kernels.attend(
            batch.workspace.qkv[row + r],
            (firstHead + h) * headSize,
            scale,
            memory.keys,
            memory.values,
            tokens,
            states[first + r * count + h],
            step.scratch);
      }
    }
  }

  /** A piece for rows of one sequence or of siblings, by kernels that read what is stored. */
  private void attendStored(
      Batch batch,
      int row,
      int rows,
      int start,
      int firstHead,
      int count,
      AttentionState[] states,
      int first,
      Step step) {
    for (int r = 0; r < rows; ) {
      int together = share(batch, row + r, rows - r, start, firstHead, step.attention);
      if (together > 0) {
        step.kernels.attendStored(
            batch.workspace.qkv,
            row + r,
            together,
            firstHead * headSize,
            count,
            scale,
            batch.sequence(row).pool().type(),
            batch.sequence(row).pool().memory(),
            step.attention.keyPages,
            step.attention.valuePages,
            step.attention.tokens,
            states,
            first + r * count,
            step.scratch);
      }
      r += Math.max(1, together);
    }
  }

  /**
   * Finds how many rows from one on read the same pages of a piece, and which; none if the row sees
   * nothing of the piece.
   */
  private int share(
      Batch batch, int row, int rows, int start, int firstHead, AttentionMemory memory) {
    KvPool pool = batch.sequence(row).pool();
    int head = firstHead / group;
    int known = 0;
    for (int r = 0; r < rows; r++) {
      KvSequence sequence = batch.sequence(row + r);
      int tokens = Math.min(batch.position(row + r) + 1 - start, Kernels.PIECE_TOKENS);
      if (tokens <= 0) {
        return r;
      }
      memory.tokens[r] = tokens;
      int pages = (tokens + pool.pageTokens() - 1) / pool.pageTokens();
      for (int i = 0; i < pages; i++) {
        int page = sequence.page(start / pool.pageTokens() + i);
        if (i >= known) {
          memory.pages[i] = page;
          memory.keyPages[i] = pool.keys(page, layer, head);
          memory.valuePages[i] = pool.values(page, layer, head);
          known++;
        } else if (memory.pages[i] != page) {
          return r;
        }
      }
    }
    return rows;
  }

  /** Brings the pages of a piece into floats. */
  private void load(KvSequence sequence, int start, int tokens, int queryHead, Step step) {
    KvPool pool = sequence.pool();
    int head = queryHead / group;
    int size = pool.pageTokens() * headSize;
    int pages = (tokens + pool.pageTokens() - 1) / pool.pageTokens();
    for (int i = 0; i < pages; i++) {
      int page = sequence.page(start / pool.pageTokens() + i);
      long keys = pool.keys(page, layer, head);
      step.codec.loadKeys(pool.memory(), keys, step.attention.keys, i * size);
      long values = pool.values(page, layer, head);
      step.codec.loadValues(pool.memory(), values, step.attention.values, i * size);
    }
  }
}
