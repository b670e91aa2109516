package dev.ponder.engine.machine;

import java.lang.foreign.MemorySegment;

/** The gate of a feed-forward network, SwiGLU. Every call is checked first. Thread-safe. */
public final class Gating {
  /** Floats come in so many at a time. */
  public static final int LANES = 16;

  private final MemorySegment code;
  private final MemorySegment constants;

  Gating(MemorySegment code, MemorySegment constants) {
    this.code = code;
    this.constants = constants;
  }

  /**
   * Replaces {@code gate} by {@code silu(gate) * up}.
   *
   * @param gateAt where in {@code gate} the floats begin, in bytes
   * @param up its first {@code count} floats
   * @param count a multiple of 16
   * @throws IllegalArgumentException when anything would reach outside of its segment
   */
  public void run(MemorySegment gate, long gateAt, MemorySegment up, int count) {
    if (count < LANES || count % LANES != 0 || gateAt < 0) {
      throw new IllegalArgumentException("gate: " + count + " floats from byte " + gateAt);
    }
    TileProduct.holds("gate", gate, gateAt + (long) count * Float.BYTES, 1);
    TileProduct.holds("up", up, count, Float.BYTES);
    long at = gate.address() + gateAt;
    NativeCall.invoke(code, at, up.address() - at, constants.address(), count / LANES);
  }
}
