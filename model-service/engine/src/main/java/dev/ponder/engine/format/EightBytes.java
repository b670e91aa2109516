package dev.ponder.engine.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Eight bytes of an array, the first of them lowest in a long. */
public final class EightBytes {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long SIGNS = 0x8080_8080_8080_8080L;

  private EightBytes() {}

  public static long get(byte[] from, int at) {
    return (long) LONGS.get(from, at);
  }

  public static void set(byte[] to, int at, long bytes) {
    LONGS.set(to, at, bytes);
  }

  /** Adds the low byte of a number to each, without carries from one to the next. */
  public static long add(long bytes, int number) {
    long numbers = (number & 0xFF) * 0x0101_0101_0101_0101L;
    return ((bytes & ~SIGNS) + (numbers & ~SIGNS)) ^ ((bytes ^ numbers) & SIGNS);
  }
}
