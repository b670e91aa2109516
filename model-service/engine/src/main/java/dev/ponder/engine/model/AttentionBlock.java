package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.AttentionState;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.Matrix;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Grouped-query attention with rotary positions: adds attention of the normalised hidden states to
 * the hidden states. Keys and values are rounded when they are stored, and always read back from
 * there.
 */
final class AttentionBlock {
  private final ModelShape shape;
  private final int layer;
  private final float[] norm;
  private final Matrix[] qkv;
  private final Matrix output;
  private final RopeTable rope;
  private final int heads;
  private final int kvHeads;
  private final int headSize;
  private final RunAttention attention;

  /** The next piece of attention to be claimed. */
  private final AtomicInteger claimed = new AtomicInteger();

  AttentionBlock(
      ModelShape shape,
      int layer,
      float[] norm,
      Matrix query,
      Matrix key,
      Matrix value,
      Matrix output,
      RopeTable rope) {
    this.shape = shape;
    this.layer = layer;
    this.norm = norm;
    this.qkv = new Matrix[] {query, key, value};
    this.output = output;
    this.rope = rope;
    heads = shape.heads();
    kvHeads = shape.kvHeads();
    headSize = shape.headSize();
    attention = new RunAttention(shape, layer);
  }

  void forward(Batch batch, Step step) {
    Workspace work = batch.workspace;
    Activations x = Norm.rows(work, norm, shape.normEpsilon(), batch.rows(), step);
    project(work, x, step);
    claimed.setPlain(0); // every member; the barriers around order it
    step.sync();
    store(batch, step);
    step.sync();
    attend(batch, step);
    step.sync();
    if (!headsFillBlocks()) {
      for (int row = step.from(batch.rows()); row < step.to(batch.rows()); row++) {
        work.attendedInput.set(row, work.attended[row], 0, heads * headSize);
      }
      step.sync();
    }
    step.kernels.multiply(
        output,
        work.attendedInput,
        work.hidden,
        0,
        true,
        step.from(output.tiles()),
        step.to(output.tiles()),
        step.scratch);
    step.sync();
  }

  /** Query, key and value projections as one list of tiles. */
  private void project(Workspace work, Activations x, Step step) {
    int tiles = 0;
    for (Matrix matrix : qkv) {
      tiles += matrix.tiles();
    }
    int from = step.from(tiles);
    int to = step.to(tiles);
    int at = 0;
    for (Matrix matrix : qkv) {
      int first = Math.max(0, from);
      int end = Math.min(matrix.tiles(), to);
      if (first < end) {
        step.kernels.multiply(matrix, x, work.qkv, at, false, first, end, step.scratch);
      }
      from -= matrix.tiles();
      to -= matrix.tiles();
      at += matrix.rows();
    }
  }

  /** Rotates queries and keys, and writes keys and values into the pages. */
  private void store(Batch batch, Step step) {
    for (int row = step.from(batch.rows()); row < step.to(batch.rows()); row++) {
      float[] x = batch.workspace.qkv[row];
      int position = batch.position(row);
      for (int head = 0; head < heads + kvHeads; head++) {
        rope.rotate(x, head * headSize, position);
      }
      KvSequence sequence = batch.sequence(row);
      KvPool pool = sequence.pool();
      int page = sequence.page(position / pool.pageTokens());
      int slot = position % pool.pageTokens();
      for (int head = 0; head < kvHeads; head++) {
        int key = (heads + head) * headSize;
        step.codec.storeKey(x, key, pool.memory(), pool.keys(page, layer, head), slot);
        int value = key + kvHeads * headSize;
        step.codec.storeValue(x, value, pool.memory(), pool.values(page, layer, head), slot);
      }
    }
  }

  /** Whether the query heads of a key head fill whole blocks of activations. */
  private boolean headsFillBlocks() {
    return headSize * (heads / kvHeads) % Activations.BLOCK == 0;
  }

  private boolean headFillsBlocks() {
    return headSize % Activations.BLOCK == 0;
  }

  /**
   * Members claim runs of rows and heads as they become free: who computes an output does not
   * matter. Late rows, which see most tokens, go first.
   */
  private void attend(Batch batch, Step step) {
    Workspace work = batch.workspace;
    if (work.pieces.cut()) {
      attendPieces(batch, step);
      step.sync();
      join(batch, step);
      return;
    }
    int group = heads / kvHeads;
    boolean singly =
        !step.attendsStored && work.runs * kvHeads < 4 * step.members() && headFillsBlocks();
    int share = singly ? 1 : group;
    int perRun = heads / share;
    int items = work.runs * perRun;
    AttentionState[] states = step.attention.states;
    for (int i = claimed.getAndIncrement(); i < items; i = claimed.getAndIncrement()) {
      int run = work.runs - 1 - i / perRun;
      int firstHead = i % perRun * share;
      attention.attend(batch, run, 0, Integer.MAX_VALUE, firstHead, share, states, 0, step);
      for (int r = 0; r < work.runLength[run]; r++) {
        finish(work, work.runStart[run] + r, firstHead, share, states, r * share, step);
      }
    }
  }

  /** Members claim pieces of runs and key heads; the last piece, which may be short, goes last. */
  private void attendPieces(Batch batch, Step step) {
    Workspace work = batch.workspace;
    PieceList list = work.pieces;
    int group = heads / kvHeads;
    int items = list.pieces() * work.runs * kvHeads;
    for (int i = claimed.getAndIncrement(); i < items; i = claimed.getAndIncrement()) {
      int head = i % kvHeads;
      int run = i / kvHeads % work.runs;
      int piece = i / kvHeads / work.runs;
      int start = piece * Kernels.PIECE_TOKENS;
      int end = start + Kernels.PIECE_TOKENS;
      int first = list.first(head, piece, work.runStart[run]);
      attention.attend(batch, run, start, end, head * group, group, list.states, first, step);
    }
  }

  /** Joins the pieces of every head. */
  private void join(Batch batch, Step step) {
    Workspace work = batch.workspace;
    boolean broken = headsFillBlocks() && !headFillsBlocks(); // only together
    int share = broken ? heads / kvHeads : 1;
    int perRow = heads / share;
    int items = batch.rows() * perRow;
    for (int i = step.from(items); i < step.to(items); i++) {
      int row = i / perRow;
      int head = i % perRow * share;
      int first = work.pieces.join(row, head);
      for (int h = 1; h < share; h++) {
        work.pieces.join(row, head + h);
      }
      finish(work, row, head, share, work.pieces.states, first, step);
    }
  }

  /** Ends the attention of a row in some heads, and hands it on. */
  private void finish(
      Workspace work,
      int row,
      int firstHead,
      int count,
      AttentionState[] states,
      int first,
      Step step) {
    float[] out = work.attended[row];
    int from = firstHead * headSize;
    for (int h = 0; h < count; h++) {
      step.kernels.finish(states[first + h], out, from + h * headSize);
    }
    if (headsFillBlocks()) {
      work.attendedInput.set(row, out, from, from + count * headSize);
    }
  }

  /** Tells which matrices read the normalised hidden states, and which read what was attended. */
  void consumers(List<Matrix> normed, List<Matrix> attended) {
    normed.addAll(List.of(qkv));
    attended.add(output);
  }

  /** Returns the matrices of one pass. */
  List<Matrix> matrices() {
    return List.of(qkv[0], qkv[1], qkv[2], output);
  }
}
