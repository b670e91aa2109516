package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kv.KvSequence;

/**
 * Rows to be computed in one forward pass: prompt chunks and single tokens of any sequences, mixed.
 * Holds the memory of the pass and the logits it gives. NOT thread-safe.
 */
public final class Batch {
  private final TransformerModel model;
  private final KvSequence[] sequences;
  private final int[] tokens;
  private final int[] positions;
  private final int[] logitRows;
  private final float[][] logits;
  private int rows;
  private int logitCount;
  final Workspace workspace;

  Batch(TransformerModel model, int maxRows, int maxLogitRows, Workspace workspace) {
    this.model = model;
    this.workspace = workspace;
    sequences = new KvSequence[maxRows];
    tokens = new int[maxRows];
    positions = new int[maxRows];
    logitRows = new int[maxLogitRows];
    logits = new float[maxLogitRows][model.shape().vocabulary()];
  }

  /** Forgets all rows. */
  public void clear() {
    java.util.Arrays.fill(sequences, 0, rows, null);
    rows = 0;
    logitCount = 0;
  }

  /**
   * Adds the next token of a sequence. Its page must be there and be the sequence's own: see {@link
   * KvSequence#ensure}.
   *
   * @return the slot of the row's logits, or -1 when none are wanted
   */
  public int add(KvSequence sequence, int token, boolean wantLogits) {
    if (rows == tokens.length) {
      throw EngineException.invalidArgument("rows", rows + 1, "at most " + tokens.length);
    }
    if (wantLogits && logitCount == logitRows.length) {
      throw EngineException.invalidArgument(
          "rows with logits", logitCount + 1, "at most " + logitRows.length);
    }
    ModelShape shape = model.shape();
    if (token < 0 || token >= shape.vocabulary()) {
      throw EngineException.invalidArgument("token", token, "0 to " + (shape.vocabulary() - 1));
    }
    int position = nextPosition(sequence);
    if (position >= shape.contextLength()) {
      throw new EngineException(
          EngineException.Kind.CONTEXT_TOO_LONG,
          "tokens: " + (position + 1) + " (expected: at most " + shape.contextLength() + ")");
    }
    model.checkWritable(sequence, position);
    sequences[rows] = sequence;
    tokens[rows] = token;
    positions[rows] = position;
    rows++;
    if (!wantLogits) {
      return -1;
    }
    logitRows[logitCount] = rows - 1;
    return logitCount++;
  }

  private int nextPosition(KvSequence sequence) {
    for (int row = rows - 1; row >= 0; row--) {
      if (sequences[row] == sequence) {
        return positions[row] + 1;
      }
    }
    return sequence.length();
  }

  public int rows() {
    return rows;
  }

  /** Returns the greatest number of rows. */
  public int capacity() {
    return tokens.length;
  }

  /** Returns the logits of a slot, one a vocabulary entry, valid until the next forward pass. */
  public float[] logits(int slot) {
    return logits[java.util.Objects.checkIndex(slot, logitCount)];
  }

  TransformerModel model() {
    return model;
  }

  KvSequence sequence(int row) {
    return sequences[row];
  }

  int token(int row) {
    return tokens[row];
  }

  int position(int row) {
    return positions[row];
  }

  int logitCount() {
    return logitCount;
  }

  int logitRow(int slot) {
    return logitRows[slot];
  }

  float[][] logits() {
    return logits;
  }
}
