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
      for (int r = 0; r < rows; ) {
        int together = share(batch, row + r, rows - r, start, firstHead, step.attention);
        if (together > 0) {
          attend(batch, row + r, together, firstHead, count, states, first + r * count, step);
        }
        r += Math.max(1, together);
      }
    }
  }

  /** The shared piece, for rows of one sequence or of siblings. */
  private void attend(
      Batch batch,
      int row,
      int rows,
      int firstHead,
      int count,
      AttentionState[] states,
      int first,
      Step step) {
    AttentionMemory memory = step.attention;
    KvPool pool = batch.sequence(row).pool();
    if (step.attendsStored) {
      step.kernels.attendStored(
          batch.workspace.qkv,
          row,
          rows,
          firstHead * headSize,
          count,
          scale,
          pool.type(),
          pool.memory(),
          memory.keyPages,
          memory.valuePages,
          memory.tokens,
          states,
          first,
          step.scratch);
      return;
    }
    load(pool, rows, step);
    step.kernels.attend(
        batch.workspace.qkv,
        row,
        rows,
        firstHead * headSize,
        count,
        scale,
        memory.keys,
        memory.values,
        memory.tokens,
        states,
        first,
        step.scratch);
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

  /** Brings the pages that rows share into floats, for kernels that want them so. */
  private void load(KvPool pool, int rows, Step step) {
    AttentionMemory memory = step.attention;
    int tokens = 0;
    for (int r = 0; r < rows; r++) {
      tokens = Math.max(tokens, memory.tokens[r]);
    }
    int size = pool.pageTokens() * headSize;
    for (int i = 0; i * pool.pageTokens() < tokens; i++) {
      step.codec.loadKeys(pool.memory(), memory.keyPages[i], memory.keys, i * size);
      step.codec.loadValues(pool.memory(), memory.valuePages[i], memory.values, i * size);
    }
  }
}
