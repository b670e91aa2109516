package dev.ponder.model.template;

import java.util.List;
import java.util.Map;

/**
 * What one rendering may spend: steps of evaluation, characters made, and nesting. A template that
 * loops over loops, or doubles a string again and again, ends with an error within milliseconds.
 *
 * <p>Not thread-safe: one rendering each.
 */
final class Budget {
  private static final int MAX_DEPTH = 400;
  private static final int CHARACTERS_A_STEP = 16;
  // Elements of a list or mapping with all that is in it, shared parts counted each time: what
  // writing, comparing or searching it costs.
  private static final int MOST_ELEMENTS = 500_000;

  private final int maxCharacters;
  private long steps;
  private int depth;

  Budget(long steps, int maxCharacters) {
    this.steps = steps;
    this.maxCharacters = maxCharacters;
  }

  /** The longest string that may exist. */
  int maxCharacters() {
    return maxCharacters;
  }

  void step() {
    spend(1);
  }

  private void spend(long amount) {
    steps -= amount;
    if (steps < 0) {
      throw new TemplateException("chat template: too much work (a loop without end?)");
    }
  }

  /** Charges for a value about to be made of so many characters or elements. */
  void make(long size) {
    if (size > maxCharacters) {
      throw new TemplateException("chat template: a value larger than " + maxCharacters);
    }
    spend(size / CHARACTERS_A_STEP);
  }

  /** Charges for the characters that an operation is about to read. */
  void read(Object value) {
    if (value instanceof Text text) {
      spend(text.length() / CHARACTERS_A_STEP);
    }
  }

  /**
   * Charges for a new value, and refuses one that unfolds to too much: lists that hold lists that
   * hold lists are small to make and endless to write.
   */
  Object admit(Object value) {
    if (value instanceof List<?> || value instanceof Map<?, ?>) {
      spend((MOST_ELEMENTS - unfold(value, MOST_ELEMENTS)) / CHARACTERS_A_STEP);
    } else {
      read(value);
    }
    return value;
  }

  /** Returns what is left of an allowance of elements after those of a value. */
  private static int unfold(Object value, int allowance) {
    int left = allowance - 1;
    if (left < 0) {
      throw new TemplateException(
          "chat template: a value of more than " + MOST_ELEMENTS + " parts");
    }
    switch (value) {
      case List<?> list -> {
        for (Object each : list) {
          left = unfold(each, left);
        }
      }
      case Map<?, ?> map -> {
        for (Object each : map.values()) {
          left = unfold(each, left);
        }
      }
      default -> {}
    }
    return left;
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException("chat template: nested deeper than " + MAX_DEPTH);
    }
  }

  void leave() {
    depth--;
  }
}
