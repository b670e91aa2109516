package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * A position in a mapped file that moves forward. Every read proves first that its bytes lie inside
 * the file; {@code what} names the field in the error. NOT thread-safe.
 */
final class GgufCursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment bytes;
  private long position;

  GgufCursor(MemorySegment bytes) {
    this.bytes = bytes;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  byte readByte(String what) {
    return bytes.get(ValueLayout.JAVA_BYTE, take(1, what));
  }

  short readShort(String what) {
    return bytes.get(SHORT, take(2, what));
  }

  int readInt(String what) {
    return bytes.get(INT, take(4, what));
  }

  long readLong(String what) {
    return bytes.get(LONG, take(8, what));
  }

  float readFloat(String what) {
    return Float.intBitsToFloat(readInt(what));
  }

  double readDouble(String what) {
    return Double.longBitsToDouble(readLong(what));
  }

  boolean readBoolean(String what) {
    byte value = readByte(what);
    if (value != 0 && value != 1) {
      throw EngineException.invalidFile(what, value, "a boolean, 0 or 1");
    }
    return value == 1;
  }

  /**
   * Reads a count of things that take at least {@code smallest} bytes each in the rest of the file.
   */
  int readCount(String what, long smallest, int limit) {
    long count = readLong(what);
    long most = Math.min(limit, remaining() / smallest);
    if (count < 0 || count > most) {
      throw EngineException.invalidFile(
          what, Long.toUnsignedString(count), "at most " + most + ", what fits in the file");
    }
    return (int) count;
  }

  /** Reads a string of {@code shortest} to {@code longest} bytes of valid UTF-8. */
  String readString(String what, int shortest, int longest) {
    long length = readLong(what + " length");
    long most = Math.min(longest, remaining());
    if (length < shortest || length > most) {
      throw EngineException.invalidFile(
          what + " length",
          Long.toUnsignedString(length),
          "between " + shortest + " and " + most + " bytes");
    }
    if (length == 0) {
      return "";
    }
    long at = take(length, what);
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(bytes.asSlice(at, length).asByteBuffer())
          .toString();
    } catch (CharacterCodingException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_FILE_INVALID,
          what + ": malformed at byte " + at + " (expected: valid UTF-8)",
          e);
    }
  }

  private long take(long count, String what) {
    if (count > remaining()) {
      throw EngineException.invalidFile(
          what, "end of file at byte " + bytes.byteSize(), (position + count) + " bytes or more");
    }
    long at = position;
    position += count;
    return at;
  }
}
