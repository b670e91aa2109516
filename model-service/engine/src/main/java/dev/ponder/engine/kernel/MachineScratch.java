package dev.ponder.engine.kernel;

import dev.ponder.engine.machine.GuardedMemory;
import dev.ponder.engine.machine.HeadLayout;
import dev.ponder.engine.machine.PieceAttention;
import dev.ponder.engine.machine.TileProduct;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Private memory of a worker of the machine tier. */
final class MachineScratch extends Scratch {
  /** Outputs of one call: they are copied out while they are in the cache. */
  static final int OUTPUTS = 16_384;

  /** For the kernels that the machine tier has from another one. */
  final Scratch rest;

  final MemorySegment out;

  /** The second half of {@link #out}. */
  final MemorySegment upperOut;

  final float[] row = new float[OUTPUTS];
  final TileProduct.Call call;

  /** For attention; made for the first heads that come. */
  private PieceAttention.@Nullable Memory attention;

  float[] piece = new float[0];

  @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
  MachineScratch(Scratch rest) {
    this.rest = rest;
    Arena arena = Arena.ofAuto();
    out = GuardedMemory.allocate((long) OUTPUTS * Float.BYTES, arena);
    upperOut = out.asSlice((long) OUTPUTS / 2 * Float.BYTES);
    call = new TileProduct.Call(GuardedMemory.allocate(TileProduct.ARGUMENT_BYTES, arena));
  }

  @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
  PieceAttention.Memory attention(HeadLayout layout) {
    PieceAttention.Memory memory = attention;
    if (memory == null || !memory.layout().equals(layout)) {
      memory = new PieceAttention.Memory(layout, Arena.ofAuto());
      attention = memory;
      piece = new float[layout.headSize()];
    }
    return memory;
  }
}
