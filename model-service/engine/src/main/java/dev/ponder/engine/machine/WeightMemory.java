package dev.ponder.engine.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the matrices of a model, one after the other in few large regions, so that large pages
 * can hold them: with small ones a pass over the weights waits for address translation. Guard pages
 * stand around a region, and a cache line of zeros between matrices. NOT thread-safe.
 */
public final class WeightMemory {
  private static final long REGION = 32L << 20;
  private static final int LINE = 64;

  private @Nullable Arena owner;
  private MemorySegment free = MemorySegment.NULL;

  /**
   * Returns zeroed memory.
   *
   * @param arena frees the memory when it closes
   */
  public MemorySegment allocate(long bytes, Arena arena) {
    long lines = (bytes + 2L * LINE - 1) / LINE * LINE;
    if (!arena.equals(owner) || free.byteSize() < lines) {
      free = GuardedMemory.allocate(Math.max(REGION, lines), arena);
      owner = arena;
    }
    MemorySegment taken = free.asSlice(0, bytes);
    free = free.asSlice(lines);
    return taken;
  }
}
