package dev.ponder.engine.kernel;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How keys and values are stored (docs/arithmetic.md). The type is part of every result. */
public enum KvType {
  /** Half floats. */
  F16,
  /** Signed bytes, with a half-float scale for every 32 dimensions. */
  INT8;

  /**
   * Returns the type of this label.
   *
   * @throws IllegalArgumentException if there is none; the message begins with {@code kv:}
   */
  public static KvType labelled(String label) {
    return Arrays.stream(values())
        .filter(type -> type.label().equals(label))
        .findAny()
        .orElseThrow(
            () -> new IllegalArgumentException("kv: " + label + " (expected: " + labels() + ")"));
  }

  /** Returns all labels, for people. */
  public static String labels() {
    return Arrays.stream(values()).map(KvType::label).collect(Collectors.joining(" or "));
  }

  /** Returns the name that people and other services know it by. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the bytes of one token's key in a head, of its value as many. */
  public int tokenBytes(int headSize) {
    return switch (this) {
      case F16 -> Short.BYTES * headSize;
      case INT8 -> headSize + Short.BYTES * Int8KvCodec.blocks(headSize);
    };
  }
}
