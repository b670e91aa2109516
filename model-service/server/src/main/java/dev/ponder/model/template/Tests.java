package dev.ponder.model.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tests behind {@code is}. */
final class Tests {
  private Tests() {}

  static boolean holds(Object value, Arguments arguments) {
    return switch (arguments.callee()) {
      case "defined" -> value != Constant.UNDEFINED;
      case "undefined" -> value == Constant.UNDEFINED;
      case "none" -> value == Constant.NONE;
      case "string" -> value instanceof Text;
      case "number" -> value instanceof Number || value instanceof Boolean;
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable", "sequence" ->
          value instanceof Text
              || value instanceof List<?>
              || value instanceof Map<?, ?>
              || (value == Constant.UNDEFINED && arguments.callee().equals("iterable"));
      case "callable" -> value instanceof Callable;
      case "odd" -> Math.floorMod(integer(value), 2) == 1;
      case "even" -> Math.floorMod(integer(value), 2) == 0;
      case "divisibleby" -> {
        int divisor = arguments.integer(0, "num", 0);
        if (divisor == 0) {
          throw new TemplateException("divisibleby: 0 (expected: not 0)");
        }
        yield integer(value) % divisor == 0;
      }
      case "eq", "equalto", "sameas" -> Values.same(value, arguments.get(0, "other"));
      case "ne" -> !Values.same(value, arguments.get(0, "other"));
      case "lt", "lessthan" -> Values.compare(value, arguments.get(0, "other")) < 0;
      case "le" -> Values.compare(value, arguments.get(0, "other")) <= 0;
      case "gt", "greaterthan" -> Values.compare(value, arguments.get(0, "other")) > 0;
      case "ge" -> Values.compare(value, arguments.get(0, "other")) >= 0;
      case "in" -> Values.contains(arguments.get(0, "seq"), value);
      case "upper" -> {
        String s = Values.text(value).toString();
        yield s.equals(s.toUpperCase(Locale.ROOT));
      }
      case "lower" -> {
        String s = Values.text(value).toString();
        yield s.equals(s.toLowerCase(Locale.ROOT));
      }
      default ->
          throw new TemplateException("chat template: unknown test '" + arguments.callee() + "'");
    };
  }

  private static long integer(Object value) {
    if (value instanceof Long n) {
      return n;
    }
    throw new TemplateException(Values.typeName(value) + " is not an integer");
  }
}
