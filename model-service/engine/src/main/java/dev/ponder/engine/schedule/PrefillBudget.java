package dev.ponder.engine.schedule;

/** How many prompt rows a step may have, so that no step keeps decoding sequences waiting long. */
final class PrefillBudget {
  /** What prompt rows may add to a step while others decode, in seconds. */
  private static final double TARGET_SECONDS = 0.25;

  /** Fewer rows would read all weights for little. */
  private static final int LEAST_ROWS = 16;

  /** Before anything is measured. */
  private static final int FIRST_ROWS = 32;

  private PrefillBudget() {}

  /**
   * Returns the rows of the next step.
   *
   * @param chunk the most in any step
   * @param othersDecode whether a sequence waits for its next token
   * @param rowsPerSecond measured; 0 if not yet
   */
  static int rows(int chunk, boolean othersDecode, double rowsPerSecond) {
    if (!othersDecode) {
      return chunk;
    }
    int rows = rowsPerSecond == 0 ? FIRST_ROWS : (int) (rowsPerSecond * TARGET_SECONDS);
    return Math.min(chunk, Math.max(LEAST_ROWS, rows));
  }
}
