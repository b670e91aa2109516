package dev.ponder.engine.tokenizer;

import java.util.Arrays;

/** A binary heap of longs, smallest first. NOT thread-safe. */
final class LongHeap {
  private long[] items;
  private int size;

  LongHeap(int expected) {
    this.items = new long[Math.max(4, expected)];
  }

  boolean isEmpty() {
    return size == 0;
  }

  void offer(long item) {
    if (size == items.length) {
      items = Arrays.copyOf(items, size + (size >> 1) + 4);
    }
    int at = size++;
    while (at > 0 && items[(at - 1) >> 1] > item) {
      items[at] = items[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    items[at] = item;
  }

  /** Removes and returns the smallest; the heap is not empty. */
  long poll() {
    long smallest = items[0];
    long last = items[--size];
    int at = 0;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && items[child + 1] < items[child]) {
        child++;
      }
      if (items[child] >= last) {
        break;
      }
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return smallest;
  }
}
