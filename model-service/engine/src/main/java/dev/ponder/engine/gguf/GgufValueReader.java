package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads metadata values. The memory of a value is a small multiple of its bytes in the file, and
 * all arrays together hold at most {@link #MOST_ELEMENTS}. NOT thread-safe.
 */
final class GgufValueReader {
  /** The largest vocabularies in use have under 300,000 tokens and 600,000 merges. */
  static final int MOST_ELEMENTS = 1 << 22;

  static final int LONGEST_STRING = 1 << 24;
  private static final int DEEPEST_ARRAY = 4;

  private static final int UINT8 = 0;
  private static final int INT8 = 1;
  private static final int UINT16 = 2;
  private static final int INT16 = 3;
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int UINT64 = 10;
  private static final int INT64 = 11;
  private static final int FLOAT64 = 12;

  private final GgufCursor cursor;
  private int elementsLeft = MOST_ELEMENTS;

  GgufValueReader(GgufCursor cursor) {
    this.cursor = cursor;
  }

  /** Reads a type and a value of that type; {@code key} names it in errors. */
  Object read(String key) {
    int type = cursor.readInt(key + " type");
    return switch (type) {
      case FLOAT32, FLOAT64 -> readNumber(type, key);
      case BOOL -> cursor.readBoolean(key);
      case STRING -> cursor.readString(key, 0, LONGEST_STRING);
      case ARRAY -> readArray(key, 1);
      default -> readInteger(type, key);
    };
  }

  private Object readArray(String key, int depth) {
    int type = cursor.readInt(key + " element type");
    int count = cursor.readCount(key + " count", smallestSize(type, key), elementsLeft);
    elementsLeft -= count;
    return switch (type) {
      case FLOAT32, FLOAT64 -> {
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) {
          numbers[i] = readNumber(type, key);
        }
        yield numbers;
      }
      case BOOL -> {
        boolean[] flags = new boolean[count];
        for (int i = 0; i < count; i++) {
          flags[i] = cursor.readBoolean(key);
        }
        yield flags;
      }
      case STRING, ARRAY -> {
        if (type == ARRAY && depth == DEEPEST_ARRAY) {
          throw EngineException.invalidFile(
              key, "an array " + (depth + 1) + " deep", "at most " + DEEPEST_ARRAY);
        }
        List<Object> list = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          list.add(
              type == STRING
                  ? cursor.readString(key, 0, LONGEST_STRING)
                  : readArray(key, depth + 1));
        }
        yield Collections.unmodifiableList(list);
      }
      default -> {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
          numbers[i] = readInteger(type, key);
        }
        yield numbers;
      }
    };
  }

  private double readNumber(int type, String key) {
    return type == FLOAT32 ? cursor.readFloat(key) : cursor.readDouble(key);
  }

  private long readInteger(int type, String key) {
    return switch (type) {
      case UINT8 -> Byte.toUnsignedLong(cursor.readByte(key));
      case INT8 -> cursor.readByte(key);
      case UINT16 -> Short.toUnsignedLong(cursor.readShort(key));
      case INT16 -> cursor.readShort(key);
      case UINT32 -> Integer.toUnsignedLong(cursor.readInt(key));
      case INT32 -> cursor.readInt(key);
      case INT64 -> cursor.readLong(key);
      case UINT64 -> {
        long value = cursor.readLong(key);
        if (value < 0) {
          throw EngineException.invalidFile(
              key, Long.toUnsignedString(value), "an integer of at most 2^63 - 1");
        }
        yield value;
      }
      default -> throw unknownType(type, key);
    };
  }

  /** The fewest bytes an element takes: a string its length, an array its type and count. */
  private static int smallestSize(int type, String key) {
    return switch (type) {
      case UINT8, INT8, BOOL -> 1;
      case UINT16, INT16 -> 2;
      case UINT32, INT32, FLOAT32 -> 4;
      case UINT64, INT64, FLOAT64, STRING -> 8;
      case ARRAY -> 12;
      default -> throw unknownType(type, key);
    };
  }

  private static EngineException unknownType(int type, String key) {
    return EngineException.invalidFile(
        key + " type", Integer.toUnsignedString(type), "a value type between 0 and 12");
  }
}
