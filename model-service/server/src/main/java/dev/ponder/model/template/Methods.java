package dev.ponder.model.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The methods of strings, lists and mappings that a template may call: these and no others. */
final class Methods {
  private final Budget budget;

  Methods(Budget budget) {
    this.budget = budget;
  }

  Object call(Object base, Arguments arguments) {
    return switch (base) {
      case Text text -> ofText(text, arguments);
      case List<?> list -> ofList(list, arguments);
      case Map<?, ?> map -> ofMap(map, arguments);
      case Namespace namespace -> ofMap(namespace.attributes(), arguments);
      default -> throw unknown(base, arguments);
    };
  }

  private static TemplateException unknown(Object base, Arguments arguments) {
    return new TemplateException(
        "chat template: " + Values.typeName(base) + " has no method '" + arguments.callee() + "'");
  }

  private Object ofText(Text text, Arguments arguments) {
    String s = text.toString();
    return switch (arguments.callee()) {
      case "strip" -> text.strip(unwanted(arguments), true, true);
      case "lstrip" -> text.strip(unwanted(arguments), true, false);
      case "rstrip" -> text.strip(unwanted(arguments), false, true);
      case "removeprefix" -> {
        String prefix = arguments.text(0, "prefix").toString();
        yield s.startsWith(prefix) ? text.slice(prefix.length(), s.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = arguments.text(0, "suffix").toString();
        yield s.endsWith(suffix) ? text.slice(0, s.length() - suffix.length()) : text;
      }
      case "startswith" -> any(arguments, s::startsWith);
      case "endswith" -> any(arguments, s::endsWith);
      case "split" -> split(text, arguments, false);
      case "rsplit" -> split(text, arguments, true);
      case "splitlines" -> splitLines(text);
      case "replace" ->
          replace(
              text,
              arguments.text(0, "old").toString(),
              arguments.text(1, "new"),
              arguments.integer(2, "count", -1));
      case "upper" -> text.withChars(s.toUpperCase(Locale.ROOT));
      case "lower" -> text.withChars(s.toLowerCase(Locale.ROOT));
      case "title" -> title(text);
      case "capitalize" -> capitalize(text);
      case "join" -> join(text, Values.items(arguments.get(0, "iterable")));
      case "find" -> point(s, s.indexOf(arguments.text(0, "sub").toString()));
      case "rfind" -> point(s, s.lastIndexOf(arguments.text(0, "sub").toString()));
      case "count" -> {
        String part = arguments.text(0, "sub").toString();
        long count = 0;
        for (int i = s.indexOf(part); i >= 0 && !part.isEmpty(); i = s.indexOf(part, i)) {
          count++;
          i += part.length();
        }
        yield count;
      }
      case "isdigit" -> !s.isEmpty() && s.codePoints().allMatch(Character::isDigit);
      case "isalpha" -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetter);
      case "isalnum" -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetterOrDigit);
      case "isspace" -> !s.isEmpty() && s.isBlank();
      case "isupper" -> !s.equals(s.toLowerCase(Locale.ROOT)) && s.equals(upper(s));
      case "islower" -> !s.equals(upper(s)) && s.equals(s.toLowerCase(Locale.ROOT));
      default -> throw unknown(text, arguments);
    };
  }

  private static String upper(String s) {
    return s.toUpperCase(Locale.ROOT);
  }

  private static String unwanted(Arguments arguments) {
    return arguments.text(0, "chars", Text.EMPTY).toString();
  }

  private static Object any(Arguments arguments, java.util.function.Predicate<String> test) {
    Object wanted = arguments.get(0, "prefix");
    List<Object> all = wanted instanceof List<?> ? Values.items(wanted) : List.of(wanted);
    return all.stream().anyMatch(each -> test.test(Values.text(each).toString()));
  }

  private static long point(String s, int unit) {
    return unit < 0 ? -1 : s.codePointCount(0, unit);
  }

  private List<Object> split(Text text, Arguments arguments, boolean fromRight) {
    String s = text.toString();
    String separator = arguments.text(0, "sep", Text.EMPTY).toString();
    int max = arguments.integer(1, "maxsplit", -1);
    budget.make(s.length());
    if (separator.isEmpty()) {
      if (arguments.has(0, "sep") && arguments.get(0, "sep") instanceof Text) {
        throw new TemplateException("split: empty separator");
      }
      return words(text, max);
    }
    List<Object> parts = new ArrayList<>();
    if (fromRight) {
      int end = s.length();
      while (max < 0 || parts.size() < max) {
        int at = end < separator.length() ? -1 : s.lastIndexOf(separator, end - separator.length());
        if (at < 0) {
          break;
        }
        parts.addFirst(text.slice(at + separator.length(), end));
        end = at;
      }
      parts.addFirst(text.slice(0, end));
      return parts;
    }
    int start = 0;
    for (int at = s.indexOf(separator);
        at >= 0 && (max < 0 || parts.size() < max);
        at = s.indexOf(separator, start)) {
      parts.add(text.slice(start, at));
      start = at + separator.length();
    }
    parts.add(text.slice(start, s.length()));
    return parts;
  }

  private static List<Object> words(Text text, int max) {
    String s = text.toString();
    List<Object> words = new ArrayList<>();
    int i = 0;
    while (true) {
      while (i < s.length() && Character.isWhitespace(s.charAt(i))) {
        i++;
      }
      if (i == s.length()) {
        return words;
      }
      int end = i;
      boolean rest = max >= 0 && words.size() == max;
      while (end < s.length() && (rest || !Character.isWhitespace(s.charAt(end)))) {
        end++;
      }
      words.add(text.slice(i, end));
      i = end;
    }
  }

  private static List<Object> splitLines(Text text) {
    String s = text.toString();
    List<Object> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '\n' || c == '\r') {
        lines.add(text.slice(start, i));
        i += c == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n' ? 1 : 0;
        start = i + 1;
      }
    }
    if (start < s.length()) {
      lines.add(text.slice(start, s.length()));
    }
    return lines;
  }

  Text replace(Text text, String old, Text replacement, int count) {
    if (old.isEmpty()) {
      throw new TemplateException("replace: an empty string cannot be replaced");
    }
    String s = text.toString();
    Text.Builder out = new Text.Builder(budget.maxCharacters());
    int start = 0;
    int left = count;
    for (int at = s.indexOf(old); at >= 0 && left != 0; at = s.indexOf(old, start), left--) {
      out.append(text.slice(start, at)).append(replacement);
      start = at + old.length();
    }
    return made(out.append(text.slice(start, s.length())).build());
  }

  Text join(Text separator, List<Object> items) {
    Text.Builder out = new Text.Builder(budget.maxCharacters());
    for (int i = 0; i < items.size(); i++) {
      if (i > 0) {
        out.append(separator);
      }
      out.append(Values.text(items.get(i)));
    }
    return made(out.build());
  }

  private Text made(Text text) {
    budget.make(text.length());
    return text;
  }

  static Text title(Text text) {
    StringBuilder out = new StringBuilder();
    boolean inside = false;
    for (char c : text.toString().toCharArray()) {
      out.append(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inside = Character.isLetter(c);
    }
    return text.withChars(out.toString());
  }

  static Text capitalize(Text text) {
    String s = text.toString();
    return s.isEmpty()
        ? text
        : text.withChars(upper(s.substring(0, 1)) + s.substring(1).toLowerCase(Locale.ROOT));
  }

  private static Object ofList(List<?> list, Arguments arguments) {
    return switch (arguments.callee()) {
      case "index" -> {
        for (int i = 0; i < list.size(); i++) {
          if (Values.same(list.get(i), arguments.get(0, "value"))) {
            yield (long) i;
          }
        }
        throw new TemplateException("index: not in the list");
      }
      case "count" ->
          list.stream().filter(each -> Values.same(each, arguments.get(0, "value"))).count();
      // The sandbox's lists do not change: templates rebuild them with "+".
      default -> throw unknown(list, arguments);
    };
  }

  private static Object ofMap(Map<?, ?> map, Arguments arguments) {
    return switch (arguments.callee()) {
      case "get" -> {
        Object value = map.get(Values.text(arguments.get(0, "key")).toString());
        yield value != null ? value : arguments.get(1, "default", Constant.NONE);
      }
      case "items" ->
          map.entrySet().stream()
              .<Object>map(e -> List.of(Text.own(e.getKey().toString()), e.getValue()))
              .toList();
      case "keys" -> Values.items(map);
      case "values" -> map.values().stream().<Object>map(v -> v).toList();
      default -> throw unknown(map, arguments);
    };
  }
}
