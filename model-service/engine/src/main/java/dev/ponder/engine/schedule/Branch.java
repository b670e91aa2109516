package dev.ponder.engine.schedule;

import dev.ponder.engine.kv.KvSequence;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One sequence of a task: the prompt, and a continuation of its own. All it needs to run is its
 * tokens; the KV of some of them is in {@link #sequence}, and what is missing is computed, be it a
 * new prompt, the next token, or everything again after its pages were taken. NOT thread-safe:
 * owned by the scheduler's thread.
 */
abstract class Branch {
  final Task task;
  final int index;
  final int promptLength;
  private int[] tokens;
  private int size;
  private boolean finished;

  /** The KV computed so far; null while it has no place among the running. */
  @Nullable KvSequence sequence;

  Branch(Task task, int index) {
    this.task = task;
    this.index = index;
    this.promptLength = task.prompt.length;
    this.tokens = Arrays.copyOf(task.prompt, promptLength + 1);
    this.size = promptLength;
  }

  /** Prompt and continuation; valid up to {@link #size}. */
  final int[] tokens() {
    return tokens;
  }

  final int size() {
    return size;
  }

  final void append(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, size + size / 2 + 16);
    }
    tokens[size++] = token;
  }

  final boolean finished() {
    return finished;
  }

  final void finish() {
    finished = true;
  }

  /** How many tokens the model has to see for now. */
  abstract int feedLength();

  /** Tokens until it ends at the latest. */
  abstract int mostTokensLeft();

  /** The first position behind which logits are wanted; less than {@link #feedLength}. */
  abstract int firstWanted();

  /**
   * Takes the logits behind a wanted position, in ascending order.
   *
   * @param logits valid during the call
   */
  abstract void accept(int position, float[] logits);
}
