package dev.ponder.engine.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory between two pages that nobody may touch: should a kernel run past the end in spite of the
 * checks, it faults at once instead of changing what belongs to others.
 */
@SuppressWarnings("restricted") // native access is what this class is for
public final class GuardedMemory {
  private static final int LARGE_PAGE = 2 << 20;

  private GuardedMemory() {}

  /**
   * Returns {@code bytes} of zeroed memory, rounded up to whole cache lines, that ends right before
   * the upper guard page.
   *
   * @param arena frees the memory when it closes
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    if (bytes < 0 || bytes > Long.MAX_VALUE - 8 * LARGE_PAGE) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: 0 or more)");
    }
    Libc libc = Machine.libc();
    long lines = (bytes + 63) / 64 * 64;
    long room = Math.max(Libc.PAGE, (lines + Libc.PAGE - 1) / Libc.PAGE * Libc.PAGE);
    long total = room + 2L * Libc.PAGE;
    MemorySegment pages = libc.map(total);
    libc.forbid(pages.asSlice(0, Libc.PAGE));
    libc.forbid(pages.asSlice(total - Libc.PAGE));
    if (room >= LARGE_PAGE) {
      libc.preferLargePages(pages.asSlice(Libc.PAGE, room));
    }
    MemorySegment usable = pages.asSlice(total - Libc.PAGE - lines, lines);
    return usable.reinterpret(arena, ignored -> libc.unmap(pages));
  }
}
