package dev.ponder.engine.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory between two pages that nobody may touch: should a kernel run past the end in spite of the
 * checks, it faults at once instead of changing what belongs to others. The system provides it as
 * it is first written.
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
    long page = lines >= LARGE_PAGE ? LARGE_PAGE : Libc.PAGE;
    long room = Math.max(page, (lines + page - 1) / page * page);
    // a large page below and a small one above, the room between them aligned to its pages
    MemorySegment pages = libc.map(room + 2 * page);
    long skip = -pages.address() & (page - 1);
    long start = skip + (page == Libc.PAGE ? page : skip == 0 ? page : 0);
    long end = start + room;
    libc.forbid(pages.asSlice(0, start));
    libc.forbid(pages.asSlice(end));
    if (page == LARGE_PAGE) {
      libc.preferLargePages(pages.asSlice(start, room));
    }
    MemorySegment usable = pages.asSlice(end - lines, lines);
    return usable.reinterpret(arena, ignored -> libc.unmap(pages));
  }
}
