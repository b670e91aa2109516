package dev.ponder.engine.tokenizer;

import java.util.Arrays;

/** A growing array of ints. NOT thread-safe. */
final class IntList {
  private int[] items;
  private int size;

  IntList(int expected) {
    this.items = new int[Math.max(4, expected)];
  }

  void add(int item) {
    ensure(1);
    items[size++] = item;
  }

  void addAll(int[] more) {
    ensure(more.length);
    System.arraycopy(more, 0, items, size, more.length);
    size += more.length;
  }

  int[] toArray() {
    return Arrays.copyOf(items, size);
  }

  private void ensure(int more) {
    if (size + more > items.length) {
      items = Arrays.copyOf(items, Math.max(size + more, size + (size >> 1)));
    }
  }
}
