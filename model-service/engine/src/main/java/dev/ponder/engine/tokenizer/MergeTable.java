package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import java.util.List;
import java.util.Map;

/**
 * The merges of a byte-pair vocabulary: pairs of token ids to their rank (lower merges first) and
 * the token they become. Open addressing at most half full. Immutable.
 */
final class MergeTable {
  static final String MERGES = "tokenizer.ggml.merges";

  private final long[] keys;
  private final int[] ranks;
  private final int[] merged;

  private MergeTable(int merges) {
    int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, merges)) << 2);
    this.keys = new long[capacity];
    this.ranks = new int[capacity];
    this.merged = new int[merges];
    java.util.Arrays.fill(keys, -1);
  }

  /**
   * Builds the table. A merge whose parts or result are not tokens is refused; one that would make
   * a control or unused token is left out, so that text never becomes one. Of equal pairs the first
   * counts.
   */
  static MergeTable of(List<String> merges, Map<String, Integer> textIds, Vocabulary vocabulary) {
    MergeTable table = new MergeTable(merges.size());
    Map<String, Integer> hidden = hiddenIds(vocabulary);
    for (int rank = 0; rank < merges.size(); rank++) {
      String merge = merges.get(rank);
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw EngineException.invalidFile(
            MERGES + "[" + rank + "]", merge, "two tokens with a space between them");
      }
      String left = merge.substring(0, space);
      String right = merge.substring(space + 1);
      Integer leftId = textIds.get(left);
      Integer rightId = textIds.get(right);
      Integer result = textIds.get(left + right);
      if (leftId != null && rightId != null && result != null) {
        table.put(leftId, rightId, rank, result);
      } else if (!known(left, textIds, hidden)
          || !known(right, textIds, hidden)
          || !known(left + right, textIds, hidden)) {
        throw EngineException.invalidFile(
            MERGES + "[" + rank + "]", merge, "two tokens that make a third");
      }
    }
    return table;
  }

  /** Returns the rank of a pair, or -1 if the two do not merge. */
  int rank(int left, int right) {
    long key = key(left, right);
    for (int slot = slot(key); ; slot = (slot + 1) & (keys.length - 1)) {
      if (keys[slot] == key) {
        return ranks[slot];
      }
      if (keys[slot] == -1) {
        return -1;
      }
    }
  }

  /** Returns the token that the pair of a rank becomes. */
  int merged(int rank) {
    return merged[rank];
  }

  private void put(int left, int right, int rank, int result) {
    long key = key(left, right);
    int slot = slot(key);
    while (keys[slot] != -1) {
      if (keys[slot] == key) {
        return;
      }
      slot = (slot + 1) & (keys.length - 1);
    }
    keys[slot] = key;
    ranks[slot] = rank;
    merged[rank] = result;
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slot(long key) {
    long mixed = (key ^ (key >>> 32)) * 0x9E3779B97F4A7C15L + key * 0xC2B2AE3D27D4EB4FL;
    return (int) ((mixed ^ (mixed >>> 29)) >>> 16) & (keys.length - 1);
  }

  private static boolean known(
      String piece, Map<String, Integer> textIds, Map<String, Integer> hidden) {
    return textIds.containsKey(piece) || hidden.containsKey(piece);
  }

  private static Map<String, Integer> hiddenIds(Vocabulary vocabulary) {
    Map<String, Integer> ids = new java.util.HashMap<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (!vocabulary.type(id).isText()) {
        ids.put(vocabulary.piece(id), id);
      }
    }
    return ids;
  }
}
