package dev.ponder.engine.sample;

/**
 * Tokens ranked by mass, the lower id first among equals, without sorting them: every token is one
 * distinct {@code long} whose order is the rank, and a quickselect moves the best ones to the
 * front.
 *
 * <p>Pivots are picked by a hash, so no input can make the expected linear time quadratic on
 * purpose; they change the time only, never the selected set. NOT thread-safe.
 */
final class Ranking {
  /** Bits of a token id; a mass of up to 2^40 fits above. */
  private static final int ID_BITS = 22;

  static final int MOST_TOKENS = 1 << ID_BITS;

  private final long[] keys;
  private int size;

  Ranking(int tokens) {
    keys = new long[tokens];
  }

  static long key(long mass, int id) {
    return (mass << ID_BITS) | (MOST_TOKENS - 1 - id);
  }

  private static long mass(long key) {
    return key >>> ID_BITS;
  }

  /** Takes all tokens with any mass. */
  void fill(long[] masses, int count) {
    size = 0;
    for (int id = 0; id < count; id++) {
      if (masses[id] > 0) {
        keys[size++] = key(masses[id], id);
      }
    }
  }

  int size() {
    return size;
  }

  long totalMass() {
    long total = 0;
    for (int i = 0; i < size; i++) {
      total += mass(keys[i]);
    }
    return total;
  }

  /** The key of the last token kept: all keys from it upwards are kept. */
  long lastKey() {
    long last = Long.MAX_VALUE;
    for (int i = 0; i < size; i++) {
      last = Math.min(last, keys[i]);
    }
    return last;
  }

  /** Keeps the best {@code k} tokens, 1 or more. */
  void keepBest(int k) {
    if (k >= size) {
      return;
    }
    int low = 0;
    int high = size;
    while (high - low > 1) {
      int pivot = partition(low, high);
      if (pivot < k) {
        low = pivot + 1;
      } else {
        high = pivot;
      }
    }
    size = k;
  }

  /** Keeps the fewest best tokens whose masses sum to {@code target} or more; all if none do. */
  void keepMass(long target) {
    int low = 0;
    int high = size;
    long before = 0;
    while (low < high) {
      int pivot = partition(low, high);
      long sum = before;
      for (int i = low; i < pivot; i++) {
        sum += mass(keys[i]);
      }
      if (sum >= target) {
        high = pivot;
      } else {
        before = sum + mass(keys[pivot]);
        low = pivot + 1;
        if (before >= target) {
          size = low;
          return;
        }
      }
    }
  }

  /** Keeps the tokens of {@code least} mass or more. */
  void keepAtLeast(long least) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (mass(keys[i]) >= least) {
        keys[kept++] = keys[i];
      }
    }
    size = kept;
  }

  /** Moves greater keys before a pivot's and smaller ones behind it; returns where it ended. */
  private int partition(int low, int high) {
    int picked = low + (int) Long.remainderUnsigned(hash(((long) low << 32) | high), high - low);
    long pivot = keys[picked];
    keys[picked] = keys[high - 1];
    int end = low;
    for (int i = low; i < high - 1; i++) {
      long key = keys[i];
      // Written without a branch: on random keys it would be mispredicted half of the time.
      keys[i] = keys[end];
      keys[end] = key;
      end += key > pivot ? 1 : 0;
    }
    keys[high - 1] = keys[end];
    keys[end] = pivot;
    return end;
  }

  private static long hash(long x) {
    long z = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
