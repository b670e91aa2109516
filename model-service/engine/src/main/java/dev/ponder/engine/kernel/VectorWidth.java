package dev.ponder.engine.kernel;

import org.jspecify.annotations.Nullable;

/** The width of the vectors in use. It changes the speed and never the result. */
final class VectorWidth {
  /** For tests only: forces narrower vectors than the machine has. */
  static final String PROPERTY = "ponder.test.vectorBits";

  private VectorWidth() {}

  /** Returns 512, 256 or 128: the widest that is supported, or the override. */
  static int choose(int preferredBits, @Nullable Integer override) {
    if (override != null) {
      if (override != 128 && override != 256 && override != 512) {
        throw new IllegalArgumentException(
            PROPERTY + ": " + override + " (expected: 128, 256 or 512)");
      }
      return override;
    }
    return preferredBits >= 512 ? 512 : preferredBits >= 256 ? 256 : 128;
  }
}
