package dev.ponder.model.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/** The filters behind {@code |}. */
final class Filters {
  private final Budget budget;
  private final Methods methods;
  private final BiFunction<Object, String, Object> attribute;

  /**
   * Makes the filters of one rendering.
   *
   * @param attribute reads an attribute or key of a value
   */
  Filters(Budget budget, Methods methods, BiFunction<Object, String, Object> attribute) {
    this.budget = budget;
    this.methods = methods;
    this.attribute = attribute;
  }

  Object apply(Object value, Arguments arguments) {
    return switch (arguments.callee()) {
      case "trim" ->
          Values.text(value).strip(arguments.text(0, "chars", Text.EMPTY).toString(), true, true);
      case "length", "count" -> (long) Values.length(value);
      case "string" -> Values.text(value);
      case "safe" -> value;
      case "tojson" ->
          Json.write(
              value,
              budget.maxCharacters(),
              // The environment of chat templates takes indent by name only; by position is kind.
              Math.min(arguments.integer(0, "indent", -1), 16),
              arguments.get(1, "ensure_ascii", false).equals(true),
              arguments.get(2, "sort_keys", false).equals(true));
      case "default", "d" -> {
        boolean missing =
            value == Constant.UNDEFINED
                || (Values.truth(arguments.get(1, "boolean", false)) && !Values.truth(value));
        yield missing ? arguments.get(0, "default_value", Text.EMPTY) : value;
      }
      case "upper" -> {
        Text text = Values.text(value);
        yield text.withChars(text.toString().toUpperCase(Locale.ROOT));
      }
      case "lower" -> {
        Text text = Values.text(value);
        yield text.withChars(text.toString().toLowerCase(Locale.ROOT));
      }
      case "title" -> Methods.title(Values.text(value));
      case "capitalize" -> Methods.capitalize(Values.text(value));
      case "replace" ->
          methods.replace(
              Values.text(value),
              arguments.text(0, "old").toString(),
              arguments.text(1, "new"),
              arguments.integer(2, "count", -1));
      case "indent" -> indent(Values.text(value), arguments);
      case "first" -> end(Values.items(value), true);
      case "last" -> end(Values.items(value), false);
      case "list" -> Values.items(value);
      case "items" -> methods.call(value, new Arguments("items", List.of(), Map.of()));
      case "reverse" -> reversed(value);
      case "join" -> {
        List<Object> items = Values.items(value);
        if (arguments.has(1, "attribute")) {
          String name = arguments.text(1, "attribute").toString();
          items = items.stream().map(each -> attribute.apply(each, name)).toList();
        }
        yield methods.join(arguments.text(0, "d", Text.EMPTY), items);
      }
      case "sort" -> sorted(value, arguments);
      case "unique" -> {
        Set<Object> seen = new LinkedHashSet<>(Values.items(value));
        yield List.copyOf(seen);
      }
      case "dictsort" -> {
        List<Object> pairs = new ArrayList<>();
        if (value instanceof Map<?, ?> map) {
          map.entrySet().stream()
              .sorted(Comparator.comparing(e -> e.getKey().toString()))
              .forEach(e -> pairs.add(List.of(Text.own(e.getKey().toString()), e.getValue())));
        }
        yield pairs;
      }
      case "map" -> mapped(Values.items(value), arguments);
      case "select" -> chosen(value, arguments, false, true);
      case "reject" -> chosen(value, arguments, false, false);
      case "selectattr" -> chosen(value, arguments, true, true);
      case "rejectattr" -> chosen(value, arguments, true, false);
      case "max" -> Collections.max(nonEmpty(value), Values::compare);
      case "min" -> Collections.min(nonEmpty(value), Values::compare);
      case "int" -> integer(value, arguments);
      case "float" -> number(value, arguments);
      case "abs" -> value instanceof Double d ? (Object) Math.abs(d) : Math.abs(whole(value));
      case "escape", "e", "forceescape" -> escaped(Values.text(value));
      default ->
          throw new TemplateException("chat template: unknown filter '" + arguments.callee() + "'");
    };
  }

  private static Object end(List<Object> items, boolean first) {
    return items.isEmpty() ? Constant.UNDEFINED : first ? items.getFirst() : items.getLast();
  }

  private static List<Object> nonEmpty(Object value) {
    List<Object> items = Values.items(value);
    if (items.isEmpty()) {
      throw new TemplateException("chat template: max or min of nothing");
    }
    return items;
  }

  private static Object reversed(Object value) {
    List<Object> items = Values.items(value).reversed();
    if (!(value instanceof Text)) {
      return items;
    }
    Text.Builder out = new Text.Builder(Integer.MAX_VALUE);
    items.forEach(each -> out.append(Values.text(each)));
    return out.build();
  }

  private Object sorted(Object value, Arguments arguments) {
    List<Object> items = new ArrayList<>(Values.items(value));
    Comparator<Object> order = Values::compare;
    if (arguments.has(2, "attribute")) {
      String name = arguments.text(2, "attribute").toString();
      order = Comparator.comparing(each -> attribute.apply(each, name), Values::compare);
    }
    items.sort(Values.truth(arguments.get(0, "reverse", false)) ? order.reversed() : order);
    return items;
  }

  private Object mapped(List<Object> items, Arguments arguments) {
    if (arguments.named().containsKey("attribute")) {
      String name = arguments.text(0, "attribute").toString();
      Object fallback = arguments.named().getOrDefault("default", Constant.UNDEFINED);
      return items.stream()
          .map(each -> attribute.apply(each, name))
          .map(each -> each == Constant.UNDEFINED ? fallback : each)
          .toList();
    }
    Arguments inner = rest(arguments, 0);
    return items.stream().map(each -> apply(each, inner)).toList();
  }

  private Object chosen(Object value, Arguments arguments, boolean ofAttribute, boolean wanted) {
    int test = ofAttribute ? 1 : 0;
    Predicate<Object> holds =
        arguments.positional().size() > test
            ? each -> Tests.holds(each, rest(arguments, test))
            : Values::truth;
    return Values.items(value).stream()
        .filter(each -> {
          budget.step();
          Object subject =
              ofAttribute ? attribute.apply(each, arguments.text(0, "attribute").toString()) : each;
          return holds.test(subject) == wanted;
        })
        .toList();
  }

  // The name of a test or filter stands among the arguments; what follows it is for that one.
  private static Arguments rest(Arguments arguments, int at) {
    List<Object> positional = arguments.positional();
    return new Arguments(
        arguments.text(at, "name").toString(),
        positional.subList(at + 1, positional.size()),
        arguments.named());
  }

  private Text indent(Text text, Arguments arguments) {
    Text line =
        arguments.get(0, "width", 4L) instanceof Text width
            ? width
            : Text.own(" ".repeat(Math.clamp(arguments.integer(0, "width", 4), 0, 64)));
    boolean first = Values.truth(arguments.get(1, "first", false));
    boolean blank = Values.truth(arguments.get(2, "blank", false));
    Text.Builder out = new Text.Builder(budget.maxCharacters());
    String s = text.toString();
    int start = 0;
    while (start <= s.length()) {
      int end = s.indexOf('\n', start);
      int stop = end < 0 ? s.length() : end + 1;
      boolean empty = end == start || start == s.length();
      if ((start > 0 || first) && (blank || !empty)) {
        out.append(line);
      }
      out.append(text.slice(start, stop));
      start = end < 0 ? s.length() + 1 : stop;
    }
    Text result = out.build();
    budget.make(result.length());
    return result;
  }

  private static long whole(Object value) {
    if (value instanceof Long n) {
      return n;
    }
    throw new TemplateException(Values.typeName(value) + " is not a number");
  }

  private static Object integer(Object value, Arguments arguments) {
    try {
      return switch (value) {
        case Long n -> n;
        case Double d -> d.longValue();
        case Boolean b -> b ? 1L : 0L;
        case Text t -> Long.parseLong(t.toString().strip());
        default -> arguments.get(0, "default", 0L);
      };
    } catch (NumberFormatException e) {
      return arguments.get(0, "default", 0L);
    }
  }

  private static Object number(Object value, Arguments arguments) {
    try {
      return switch (value) {
        case Number n -> n.doubleValue();
        case Text t -> Double.parseDouble(t.toString().strip());
        default -> arguments.get(0, "default", 0.0);
      };
    } catch (NumberFormatException e) {
      return arguments.get(0, "default", 0.0);
    }
  }

  private Text escaped(Text text) {
    Text out = methods.replace(text, "&", Text.own("&amp;"), -1);
    out = methods.replace(out, "<", Text.own("&lt;"), -1);
    out = methods.replace(out, ">", Text.own("&gt;"), -1);
    out = methods.replace(out, "'", Text.own("&#39;"), -1);
    return methods.replace(out, "\"", Text.own("&#34;"), -1);
  }
}
