package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls emitted code: {@code void code(const long *arguments)}. The call is a critical one: it
 * costs a few nanoseconds and holds up garbage collection, so it must be short.
 */
@SuppressWarnings("restricted") // native access is what this class is for
final class NativeCall {
  private static final MethodHandle CODE =
      Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG), Linker.Option.critical(false));

  private static final MethodHandle FOUR =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(false));

  private NativeCall() {}

  static void invoke(MemorySegment code, MemorySegment arguments) {
    try {
      CODE.invokeExact(code, arguments.address());
    } catch (Throwable e) {
      throw Libc.unexpected(e);
    }
  }

  /** Calls {@code void code(long, long, long, long)}. */
  static void invoke(MemorySegment code, long first, long second, long third, long fourth) {
    try {
      FOUR.invokeExact(code, first, second, third, fourth);
    } catch (Throwable e) {
      throw Libc.unexpected(e);
    }
  }
}
