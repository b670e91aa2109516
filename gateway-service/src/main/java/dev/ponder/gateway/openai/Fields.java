package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and checks the fields of one JSON object. A JSON null is an absent field. Every method
 * throws {@link PonderException} with the field's path, its value and the rule. Immutable.
 */
final class Fields {
  private final ObjectNode node;
  private final String path;

  private Fields(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  static Fields ofBody(JsonNode body) {
    if (body instanceof ObjectNode object) {
      return new Fields(object, "");
    }
    throw PonderException.invalid("body", show(body), "a JSON object");
  }

  static Fields of(JsonNode value, String name) {
    if (value instanceof ObjectNode object) {
      return new Fields(object, name + ".");
    }
    throw PonderException.invalid(name, show(value), "an object");
  }

  /** The field's full name, as errors give it. */
  String path(String name) {
    return path + name;
  }

  ObjectNode node() {
    return node;
  }

  @Nullable JsonNode get(String name) {
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  JsonNode required(String name, String rule) {
    JsonNode value = get(name);
    if (value == null) {
      throw PonderException.missing(path(name), rule);
    }
    return value;
  }

  @Nullable Integer integer(String name, int min, int max) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    String rule =
        max == Integer.MAX_VALUE
            ? "an integer of at least " + min
            : "an integer from " + min + " to " + max;
    return integer(value, path(name), min, max, rule);
  }

  static int integer(JsonNode value, String name, int min, int max, String rule) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > max) {
      throw PonderException.invalid(name, show(value), rule);
    }
    return value.intValue();
  }

  @Nullable Long int64(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw PonderException.invalid(path(name), show(value), "a 64-bit integer");
    }
    return value.longValue();
  }

  /** A number in [min, max]. */
  @Nullable Double number(String name, double min, double max) {
    JsonNode value = get(name);
    return value == null
        ? null
        : number(value, path(name), min, max, "a number from " + plain(min) + " to " + plain(max));
  }

  /** A number in (min, max]. */
  @Nullable Double numberAbove(String name, double min, double max) {
    JsonNode value = get(name);
    return value == null
        ? null
        : number(
            value,
            path(name),
            Math.nextUp(min),
            max,
            "a number above " + plain(min) + ", at most " + plain(max));
  }

  static double number(JsonNode value, String name, double min, double max, String rule) {
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    // Written so that NaN fails.
    if (!(number >= min && number <= max)) {
      throw PonderException.invalid(name, show(value), rule);
    }
    return number;
  }

  boolean bool(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return false;
    }
    if (!value.isBoolean()) {
      throw PonderException.invalid(path(name), show(value), "true or false");
    }
    return value.booleanValue();
  }

  @Nullable String string(String name, int minLength, int maxLength) {
    JsonNode value = get(name);
    return value == null ? null : string(value, path(name), minLength, maxLength);
  }

  static String string(JsonNode value, String name, int minLength, int maxLength) {
    if (!value.isString()) {
      throw PonderException.invalid(name, show(value), "a string");
    }
    String text = value.stringValue();
    if (text.length() < minLength || text.length() > maxLength) {
      throw PonderException.invalid(
          name,
          text.length() + " characters",
          maxLength == Integer.MAX_VALUE
              ? "at least " + minLength
              : minLength + " to " + maxLength + " characters");
    }
    return wellFormed(text, name);
  }

  /** One string or an array of strings; null when absent. */
  @Nullable List<String> strings(String name, int maxCount, int maxLength) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (value.isString()) {
      return List.of(string(value, path(name), 1, maxLength));
    }
    if (!value.isArray()) {
      throw PonderException.invalid(path(name), show(value), "a string or an array of strings");
    }
    if (value.size() > maxCount) {
      throw PonderException.invalid(
          path(name), value.size() + " strings", "at most " + maxCount + " strings");
    }
    List<String> strings = new ArrayList<>();
    for (int i = 0; i < value.size(); i++) {
      strings.add(string(value.get(i), path(name) + "[" + i + "]", 1, maxLength));
    }
    return strings;
  }

  /** Refuses a field that asks for something the platform cannot do yet. */
  PonderException unsupported(String name, String rule) {
    return PonderException.invalid(path(name), show(node.get(name)), rule);
  }

  /**
   * A JSON escape can smuggle in half a surrogate pair, which has no UTF-8 form: no service could
   * be told of it.
   */
  private static String wellFormed(String text, String name) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else {
        throw PonderException.invalid(
            name,
            "an unpaired surrogate U+" + Integer.toHexString(c) + " at character " + i,
            "well-formed Unicode");
      }
    }
    return text;
  }

  /** A value as an error message may repeat it: scalars as they are, the rest by size. */
  static String show(@Nullable JsonNode value) {
    if (value == null) {
      return "null";
    }
    if (value.isObject()) {
      return "an object";
    }
    if (value.isArray()) {
      return "an array of " + value.size();
    }
    if (value.isString()) {
      String text = value.stringValue();
      String shown = text.length() <= 60 ? text : text.substring(0, 57) + "...";
      return '"' + printable(shown) + '"';
    }
    return value.toString();
  }

  /** Control characters and unpaired surrogates would break the line or the error body itself. */
  private static String printable(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(c ->
            shown.appendCodePoint(
                Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE
                    ? 0xFFFD
                    : c));
    return shown.toString();
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }
}
