package dev.ponder.model.template;

import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A string whose characters remember whether they are the template's own or data that came from a
 * message. Equality and order look at the characters alone.
 *
 * <p>Immutable.
 */
final class Text implements Comparable<Text> {
  static final Text EMPTY = Text.own("");

  private final String chars;
  // Set bits are data, by UTF-16 unit; null when none is.
  private final @Nullable BitSet data;

  private Text(String chars, @Nullable BitSet data) {
    this.chars = chars;
    this.data = data == null || data.isEmpty() ? null : data;
  }

  /** Text of the template, which may spell control tokens. */
  static Text own(String chars) {
    return new Text(chars, null);
  }

  /** Text of a message, which may not. */
  static Text data(String chars) {
    BitSet all = new BitSet(chars.length());
    all.set(0, chars.length());
    return new Text(chars, all);
  }

  int length() {
    return chars.length();
  }

  boolean isEmpty() {
    return chars.isEmpty();
  }

  boolean isData(int unit) {
    return data != null && data.get(unit);
  }

  /** Returns the end of the run of equal origin that begins at {@code unit}. */
  int runEnd(int unit) {
    if (data == null) {
      return chars.length();
    }
    int end = data.get(unit) ? data.nextClearBit(unit) : data.nextSetBit(unit);
    return end < 0 ? chars.length() : Math.min(end, chars.length());
  }

  /** Returns the part between two UTF-16 offsets. */
  Text slice(int from, int to) {
    if (from == 0 && to == chars.length()) {
      return this;
    }
    return new Text(chars.substring(from, to), data == null ? null : data.get(from, to));
  }

  Text strip(String unwanted, boolean left, boolean right) {
    int from = 0;
    int to = chars.length();
    while (left && from < to && matches(unwanted, chars.charAt(from))) {
      from++;
    }
    while (right && to > from && matches(unwanted, chars.charAt(to - 1))) {
      to--;
    }
    return slice(from, to);
  }

  // An empty set means Python's default, white space.
  private static boolean matches(String unwanted, char c) {
    return unwanted.isEmpty()
        ? Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85
        : unwanted.indexOf(c) >= 0;
  }

  /** Returns this text with other characters of the same number: a change of case, say. */
  Text withChars(String replaced) {
    if (replaced.length() == chars.length()) {
      return new Text(replaced, data);
    }
    // The rare case mapping that changes the length ("ß"): origin is kept if any of it was data.
    return data == null ? own(replaced) : data(replaced);
  }

  @Override
  public int compareTo(Text other) {
    return chars.compareTo(other.chars);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Text text && text.chars.equals(chars);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(chars);
  }

  /** Returns the characters alone. */
  @Override
  public String toString() {
    return chars;
  }

  /** Collects text up to a limit. Not thread-safe. */
  static final class Builder {
    private final StringBuilder chars = new StringBuilder();
    private final BitSet data = new BitSet();
    private final int limit;

    Builder(int limit) {
      this.limit = limit;
    }

    Builder append(Text text) {
      int base = chars.length();
      if (text.length() > limit - base) {
        throw new TemplateException("output: more than " + limit + " characters");
      }
      chars.append(text.chars);
      if (text.data != null) {
        for (int i = text.data.nextSetBit(0); i >= 0; ) {
          int end = text.data.nextClearBit(i);
          data.set(base + i, base + end);
          i = text.data.nextSetBit(end);
        }
      }
      return this;
    }

    Builder append(String own) {
      return append(Text.own(own));
    }

    Text build() {
      return new Text(chars.toString(), (BitSet) data.clone());
    }
  }
}
