package dev.ponder.model.template;

/**
 * What one rendering may spend: steps of evaluation, characters made, and nesting. A template that
 * loops over loops, or doubles a string again and again, ends with an error within milliseconds.
 *
 * <p>Not thread-safe: one rendering each.
 */
final class Budget {
  private static final int MAX_DEPTH = 400;
  private static final int CHARACTERS_A_STEP = 32;

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

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException("chat template: nested deeper than " + MAX_DEPTH);
    }
  }

  void leave() {
    depth--;
  }
}
