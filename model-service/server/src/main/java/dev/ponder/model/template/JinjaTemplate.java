package dev.ponder.model.template;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A compiled template.
 *
 * <p>Thread-safe: immutable; every rendering has its own state.
 */
final class JinjaTemplate {
  /** A model's template is some kilobytes; the largest known ones stay below 32 KiB. */
  static final int MAX_SOURCE = 256 * 1024;

  private static final long MAX_STEPS = 3_000_000;
  private static final int MAX_RANGE = 100_000;

  private final List<Statement> body;

  private JinjaTemplate(List<Statement> body) {
    this.body = body;
  }

  /**
   * Compiles a source.
   *
   * @throws TemplateException if it is not a template, or is larger than {@value #MAX_SOURCE}
   */
  static JinjaTemplate compile(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateException(
          "chat template: "
              + source.length()
              + " characters (expected: at most "
              + MAX_SOURCE
              + ")");
    }
    return new JinjaTemplate(Parser.parse(source));
  }

  /**
   * Renders once.
   *
   * @param maxCharacters the longest output, and the longest string on the way
   */
  Text render(Map<String, Object> variables, Clock clock, int maxCharacters) {
    Scope globals = new Scope(null);
    functions(globals, clock);
    Scope scope = new Scope(globals);
    variables.forEach(scope::set);
    try {
      return new Interpreter(new Budget(MAX_STEPS, maxCharacters)).run(body, scope);
    } catch (StackOverflowError e) {
      // Nesting is bounded; this is for a caller whose own stack is almost used up.
      throw new TemplateException("chat template: nested too deep");
    }
  }

  private static void functions(Scope scope, Clock clock) {
    Callable namespace =
        (given, named) -> {
          Namespace made = new Namespace();
          given.forEach(each -> putAll(made.attributes(), each));
          made.attributes().putAll(named);
          return made;
        };
    Callable map =
        (given, named) -> {
          Map<String, Object> made = new LinkedHashMap<>();
          given.forEach(each -> putAll(made, each));
          made.putAll(named);
          return made;
        };
    Callable raise =
        (given, _) -> {
          String why = given.isEmpty() ? "" : Values.text(given.getFirst()).toString();
          throw TemplateException.raised(why);
        };
    Callable now =
        (given, _) -> {
          String format = given.isEmpty() ? "" : Values.text(given.getFirst()).toString();
          return Text.own(PythonDates.format(format, ZonedDateTime.now(clock)));
        };
    scope.set("namespace", namespace);
    scope.set("dict", map);
    scope.set("range", (Callable) (given, _) -> range(given));
    scope.set("raise_exception", raise);
    scope.set("strftime_now", now);
  }

  private static void putAll(Map<String, Object> into, Object from) {
    if (from instanceof Map<?, ?> entries) {
      entries.forEach((k, v) -> into.put(k.toString(), v));
    }
  }

  private static List<Object> range(List<Object> given) {
    long[] bounds = new long[given.size()];
    for (int i = 0; i < bounds.length; i++) {
      if (!(given.get(i) instanceof Long n)) {
        throw new TemplateException("range: (expected: integers)");
      }
      bounds[i] = n;
    }
    if (bounds.length == 0 || bounds.length > 3) {
      throw new TemplateException("range: (expected: 1 to 3 integers)");
    }
    long from = bounds.length == 1 ? 0 : bounds[0];
    long to = bounds.length == 1 ? bounds[0] : bounds[1];
    long step = bounds.length == 3 ? bounds[2] : 1;
    if (step == 0) {
      throw new TemplateException("range: step 0 (expected: not 0)");
    }
    List<Object> items = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      if (items.size() == MAX_RANGE) {
        throw new TemplateException("range: more than " + MAX_RANGE);
      }
      items.add(i);
    }
    return items;
  }
}
