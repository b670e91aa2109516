package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Code that can be executed. It is written first and made executable afterwards: never both. Kept
 * for the life of the process, as compiled methods are.
 */
final class CodeMemory {
  private final MemorySegment code;

  /**
   * Copies the code.
   *
   * @throws MachineUnavailableException when the system refuses executable memory
   */
  CodeMemory(Libc libc, byte[] bytes) {
    long room = Math.max(1, (bytes.length + Libc.PAGE - 1) / Libc.PAGE) * (long) Libc.PAGE;
    MemorySegment pages = libc.map(room);
    MemorySegment.copy(bytes, 0, pages, JAVA_BYTE, 0, bytes.length);
    if (!libc.makeExecutable(pages)) {
      libc.unmap(pages);
      throw new MachineUnavailableException("the system refuses executable memory", null);
    }
    code = pages;
  }

  MemorySegment at(int offset) {
    return code.asSlice(offset);
  }
}
