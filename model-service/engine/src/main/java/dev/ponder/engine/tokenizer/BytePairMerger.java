package dev.ponder.engine.tokenizer;

/**
 * Merges the symbols of one piece: always the pair of lowest rank, of equal ones the leftmost,
 * until none is left. Takes O(n log n) for n symbols. For one piece; NOT thread-safe.
 */
final class BytePairMerger {
  private final MergeTable table;
  private final int[] symbols;
  private final int[] next;
  private final int[] previous;
  private final LongHeap pairs;
  private int left;

  /** Takes over {@code symbols}; a negative one merges with nothing. */
  BytePairMerger(MergeTable table, int[] symbols) {
    this.table = table;
    this.symbols = symbols;
    this.left = symbols.length;
    this.next = new int[symbols.length];
    this.previous = new int[symbols.length];
    this.pairs = new LongHeap(Math.min(symbols.length, 1 << 12));
    for (int i = 0; i < symbols.length; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
  }

  /** Returns the merged symbols, without the negative ones. */
  int[] merge() {
    for (int i = 0; i + 1 < symbols.length; i++) {
      offer(i);
    }
    while (!pairs.isEmpty()) {
      long pair = pairs.poll();
      int rank = (int) (pair >>> 32);
      int at = (int) pair;
      // A rank belongs to one pair, so an equal rank means that the pair still stands here.
      if (rankAt(at) == rank) {
        join(at, table.merged(rank));
      }
    }
    return remaining();
  }

  private void join(int at, int symbol) {
    int gone = next[at];
    symbols[at] = symbol;
    symbols[gone] = -1;
    next[at] = next[gone];
    next[gone] = -1; // marks it as gone for rankAt
    if (next[at] < symbols.length) {
      previous[next[at]] = at;
    }
    left--;
    offer(at);
    if (previous[at] >= 0) {
      offer(previous[at]);
    }
  }

  private void offer(int at) {
    int rank = rankAt(at);
    if (rank >= 0) {
      pairs.offer((long) rank << 32 | at);
    }
  }

  private int rankAt(int at) {
    int second = next[at];
    if (second < 0 || second >= symbols.length || symbols[at] < 0 || symbols[second] < 0) {
      return -1;
    }
    return table.rank(symbols[at], symbols[second]);
  }

  private int[] remaining() {
    int[] result = new int[left];
    int count = 0;
    for (int i = 0; i < symbols.length; i = next[i]) {
      if (symbols[i] >= 0) {
        result[count++] = symbols[i];
      }
    }
    return count == result.length ? result : java.util.Arrays.copyOf(result, count);
  }
}
