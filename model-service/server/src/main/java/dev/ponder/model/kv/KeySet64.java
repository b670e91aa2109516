package dev.ponder.model.kv;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A set of block keys in fixed memory that may forget: each key has one slot, by its first 64 bits,
 * and a later key takes it over. For hints only, never for what must be right.
 *
 * <p>Thread-safe.
 */
final class KeySet64 {
  private final AtomicLongArray slots;
  private final int mask;

  /**
   * Makes an empty set.
   *
   * @param slots a power of two
   */
  KeySet64(int slots) {
    if (Integer.bitCount(slots) != 1) {
      throw new IllegalArgumentException("slots: " + slots + " (expected: a power of two)");
    }
    this.slots = new AtomicLongArray(slots);
    this.mask = slots - 1;
  }

  /** Adds a key; returns whether it was there. */
  boolean add(String key) {
    long bits = bits(key);
    return slots.getAndSet((int) bits & mask, bits) == bits;
  }

  boolean contains(String key) {
    long bits = bits(key);
    return slots.get((int) bits & mask) == bits;
  }

  void remove(String key) {
    long bits = bits(key);
    slots.compareAndSet((int) bits & mask, bits, 0);
  }

  private static long bits(String key) {
    return Long.parseUnsignedLong(key, 0, 16, 16);
  }
}
