package dev.ponder.model.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What Python does with values: truth, equality, order, and how they are written. A value is a
 * {@link Text}, Boolean, Long, Double, List, Map with String keys, {@link Namespace}, {@link
 * Callable} or {@link Constant}.
 */
final class Values {
  private Values() {}

  static boolean truth(Object value) {
    return switch (value) {
      case Constant _ -> false;
      case Boolean b -> b;
      case Long n -> n != 0;
      case Double d -> d != 0;
      case Text t -> !t.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> true;
    };
  }

  static boolean same(Object a, Object b) {
    if (a instanceof Number x && b instanceof Number y && a.getClass() != b.getClass()) {
      return x.doubleValue() == y.doubleValue();
    }
    return a.equals(b);
  }

  static int compare(Object a, Object b) {
    if (a instanceof Text x && b instanceof Text y) {
      return x.compareTo(y);
    }
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    if (a instanceof Number x && b instanceof Number y) {
      return Double.compare(x.doubleValue(), y.doubleValue());
    }
    throw new TemplateException("cannot order " + typeName(a) + " and " + typeName(b));
  }

  static boolean contains(Object container, Object item) {
    return switch (container) {
      case Text t ->
          item instanceof Text part
              ? t.toString().contains(part.toString())
              : fail("'in <string>' needs a string, not " + typeName(item));
      case List<?> list -> list.stream().anyMatch(each -> same(each, item));
      case Map<?, ?> map -> item instanceof Text key && map.containsKey(key.toString());
      case Constant.UNDEFINED -> false;
      default -> fail(typeName(container) + " holds nothing");
    };
  }

  /** Returns what a loop goes through. */
  static List<Object> items(Object value) {
    return switch (value) {
      case Constant.UNDEFINED -> List.of();
      case List<?> list -> List.copyOf(list);
      case Map<?, ?> map -> map.keySet().stream().<Object>map(k -> Text.own(k.toString())).toList();
      case Text t -> {
        List<Object> points = new ArrayList<>();
        for (int i = 0; i < t.length(); ) {
          int next = t.toString().offsetByCodePoints(i, 1);
          points.add(t.slice(i, next));
          i = next;
        }
        yield points;
      }
      default -> throw new TemplateException(typeName(value) + " cannot be gone through");
    };
  }

  static int length(Object value) {
    return switch (value) {
      case Text t -> t.toString().codePointCount(0, t.length());
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case Constant.UNDEFINED -> 0;
      default -> throw new TemplateException(typeName(value) + " has no length");
    };
  }

  static Text text(Object value) {
    return switch (value) {
      case Text t -> t;
      case Constant.UNDEFINED -> Text.EMPTY;
      default ->
          holdsData(value) ? Text.data(representation(value)) : Text.own(representation(value));
    };
  }

  /** Writes a value as Python's {@code repr} does. */
  private static String representation(Object value) {
    return switch (value) {
      case Constant.NONE -> "None";
      case Constant.UNDEFINED -> "Undefined";
      case Boolean b -> b ? "True" : "False";
      case Text t -> quoted(t.toString());
      case List<?> list -> {
        StringJoiner joiner = new StringJoiner(", ", "[", "]");
        list.forEach(each -> joiner.add(representation(each)));
        yield joiner.toString();
      }
      case Map<?, ?> map -> {
        StringJoiner joiner = new StringJoiner(", ", "{", "}");
        map.forEach((k, v) -> joiner.add(quoted(k.toString()) + ": " + representation(v)));
        yield joiner.toString();
      }
      case Namespace _ -> "<namespace>";
      case Callable _ -> "<function>";
      default -> value.toString();
    };
  }

  private static String quoted(String s) {
    char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    String escaped = s.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
    return quote + (quote == '\'' ? escaped.replace("'", "\\'") : escaped) + quote;
  }

  static String typeName(Object value) {
    return switch (value) {
      case Constant.NONE -> "none";
      case Constant.UNDEFINED -> "an undefined value";
      case Boolean _ -> "a boolean";
      case Number _ -> "a number";
      case Text _ -> "a string";
      case List<?> _ -> "a list";
      case Map<?, ?> _ -> "a mapping";
      default -> "a function";
    };
  }

  /**
   * Whether text inside a value came from a message, so that what is written of the value is data.
   */
  static boolean holdsData(Object value) {
    return switch (value) {
      case Text t -> t.runEnd(0) < t.length() || t.isData(0);
      case List<?> list -> list.stream().anyMatch(Values::holdsData);
      case Map<?, ?> map -> map.values().stream().anyMatch(Values::holdsData);
      default -> false;
    };
  }

  private static boolean fail(String message) {
    throw new TemplateException(message);
  }
}
