package dev.ponder.engine.model;

import dev.ponder.engine.kernel.AttentionState;
import dev.ponder.engine.kernel.Kernels;

/**
 * The attention of few rows over long contexts as things to claim: where runs times key heads would
 * leave members idle, the pieces of attention are claimed one by one, each into states of its own,
 * and joined in ascending order afterwards. Pieces begin at fixed positions and are reduced alone
 * in any case, so the bits are those of one member that joins them as they come.
 */
final class PieceList {
  /** Bounds the memory of states: 2.3 MB in heads of 128. Batches that need more are not cut. */
  static final int MOST_STATES = 4_096;

  /** [key head][piece][row][query head of the key head]. */
  final AttentionState[] states;

  private final int kvHeads;
  private final int group;
  private final int members;
  private int rows;
  private int pieces;

  PieceList(ModelShape shape, int rows, int members) {
    kvHeads = shape.kvHeads();
    group = shape.heads() / kvHeads;
    this.members = members;
    long most = (long) rows * shape.heads() * pieces(shape.contextLength());
    boolean ever = members > 1 && kvHeads < Workspace.THINGS_A_MEMBER * members;
    states = new AttentionState[ever ? (int) Math.min(most, MOST_STATES) : 0];
    for (int i = 0; i < states.length; i++) {
      states[i] = new AttentionState(shape.headSize());
    }
  }

  /** Whether runs times key heads are so few that members would be idle. */
  static boolean few(int runs, int kvHeads, int members) {
    boolean even = runs == 1 && kvHeads % members == 0;
    return members > 1 && !even && runs * kvHeads < Workspace.THINGS_A_MEMBER * members;
  }

  private static int pieces(int tokens) {
    return (tokens + Kernels.PIECE_TOKENS - 1) / Kernels.PIECE_TOKENS;
  }

  /** Decides, for all members, whether the attention of a batch is cut. */
  void prepare(Batch batch, int runs) {
    int end = 0;
    for (int row = 0; row < batch.rows(); row++) {
      end = Math.max(end, batch.position(row) + 1);
    }
    rows = batch.rows();
    int needed = pieces(end);
    boolean fits = (long) rows * kvHeads * group * needed <= states.length;
    pieces = needed > 1 && fits && few(runs, kvHeads, members) ? needed : 0;
  }

  /** Whether the pieces are claimed one by one. */
  boolean cut() {
    return pieces > 0;
  }

  /** Returns the pieces of the longest context, if it is cut. */
  int pieces() {
    return pieces;
  }

  /** Returns where the states of a row's query heads begin that share a key head. */
  int first(int kvHead, int piece, int row) {
    return ((kvHead * pieces + piece) * rows + row) * group;
  }

  /**
   * Joins the pieces of one query head of a row.
   *
   * @return which of the states holds the sum
   */
  int join(int row, int head) {
    int sum = first(head / group, 0, row) + head % group;
    for (int piece = 1; piece < pieces; piece++) {
      states[sum].merge(states[sum + piece * rows * group]);
    }
    return sum;
  }
}
