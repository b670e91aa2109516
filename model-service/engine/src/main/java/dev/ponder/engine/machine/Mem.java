package dev.ponder.engine.machine;

import org.jspecify.annotations.Nullable;

/**
 * A memory operand.
 *
 * @param index a second register, or null
 * @param scale what the index counts: 1, 2, 4 or 8 bytes
 * @param broadcast whether four bytes are read and repeated to fill the vector (EVEX only)
 */
record Mem(Gp base, @Nullable Gp index, int scale, int displacement, boolean broadcast)
    implements Operand {
  Mem {
    if (index == Gp.RSP || Integer.bitCount(scale) != 1 || scale > 8 || scale < 1) {
      throw new IllegalArgumentException("memory operand: " + index + " * " + scale);
    }
  }
}
