package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The memory functions of the C library, with the constants of Linux on x86-64. */
@SuppressWarnings("restricted") // native access is what this class is for
final class Libc {
  static final int PAGE = 4096;
  private static final int PROT_NONE = 0;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private final MethodHandle mmap;
  private final MethodHandle mprotect;
  private final MethodHandle munmap;
  private final MethodHandle madvise;

  /**
   * Looks the functions up.
   *
   * @throws MachineUnavailableException when native access is not granted
   */
  Libc() {
    try {
      mmap =
          function(
              "mmap",
              FunctionDescriptor.of(
                  ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
      mprotect =
          function("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
      munmap = function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
      madvise = function("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    } catch (IllegalCallerException e) {
      throw new MachineUnavailableException(
          "native access is not granted, start Java with --enable-native-access=ALL-UNNAMED", e);
    }
  }

  /** Returns fresh zeroed pages that can be read and written. */
  MemorySegment map(long bytes) {
    MemorySegment pages;
    try {
      pages =
          (MemorySegment)
              mmap.invokeExact(
                  MemorySegment.NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
    if (pages.address() == -1) {
      throw new OutOfMemoryError("mmap: " + bytes + " bytes");
    }
    return pages.reinterpret(bytes);
  }

  /** Takes away the right to write and gives the right to execute; false when refused. */
  boolean makeExecutable(MemorySegment pages) {
    return protect(pages, PROT_READ | PROT_EXEC) == 0;
  }

  /** Makes every access to these pages a fault. */
  void forbid(MemorySegment pages) {
    if (protect(pages, PROT_NONE) != 0) {
      throw new IllegalStateException("mprotect: refused for a guard page");
    }
  }

  /** Asks for large pages, which spares address translation; not a failure when refused. */
  void preferLargePages(MemorySegment pages) {
    try {
      int ignored = (int) madvise.invokeExact(pages, pages.byteSize(), MADV_HUGEPAGE);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  void unmap(MemorySegment pages) {
    try {
      int ignored = (int) munmap.invokeExact(pages, pages.byteSize());
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private int protect(MemorySegment pages, int rights) {
    try {
      return (int) mprotect.invokeExact(pages, pages.byteSize(), rights);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment address =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new MachineUnavailableException(name + " is missing", null));
    return linker.downcallHandle(address, descriptor);
  }

  static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException r ? r : new IllegalStateException(e);
  }
}
