package dev.ponder.engine.tokenizer;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the ids of short pieces. A new piece replaces the one in its slot, so memory is bounded
 * (about 6 MB when all pieces are as long as allowed). Thread-safe: a lost race costs a merge.
 */
final class PieceCache {
  private static final int SLOTS = 1 << 13;
  private static final int LONGEST_PIECE = 48;

  private static final class Entry {
    final String piece;
    final int[] ids;

    Entry(String piece, int[] ids) {
      this.piece = piece;
      this.ids = ids;
    }
  }

  private final AtomicReferenceArray<@Nullable Entry> slots = new AtomicReferenceArray<>(SLOTS);

  /** Returns the ids of a piece, not to be changed, or null. */
  int @Nullable [] get(String piece) {
    Entry entry = slots.get(slot(piece));
    return entry != null && entry.piece.equals(piece) ? entry.ids : null;
  }

  void put(String piece, int[] ids) {
    if (piece.length() <= LONGEST_PIECE) {
      slots.set(slot(piece), new Entry(piece, ids));
    }
  }

  private static int slot(String piece) {
    int hash = piece.hashCode() * 0x9E3779B9;
    return hash >>> (32 - Integer.numberOfTrailingZeros(SLOTS));
  }
}
