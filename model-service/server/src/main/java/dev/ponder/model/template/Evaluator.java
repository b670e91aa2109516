package dev.ponder.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions. Not thread-safe: one rendering each. */
final class Evaluator {
  private final Budget budget;
  private final Methods methods;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    this.methods = new Methods(budget);
    this.filters = new Filters(budget, methods, Evaluator::attribute);
  }

  Object evaluate(Expression expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value = compute(expression, scope);
    budget.leave();
    return value;
  }

  private Object compute(Expression expression, Scope scope) {
    return switch (expression) {
      case Expression.Literal literal -> literal.value();
      case Expression.Name name -> scope.get(name.name());
      case Expression.ListLiteral list -> budget.admit(evaluate(list.items(), scope));
      case Expression.MapLiteral map -> {
        Map<String, Object> entries = new LinkedHashMap<>();
        for (int i = 0; i < map.keys().size(); i++) {
          entries.put(
              Values.text(evaluate(map.keys().get(i), scope)).toString(),
              evaluate(map.values().get(i), scope));
        }
        yield budget.admit(entries);
      }
      case Expression.Attribute a -> attribute(defined(a.base(), scope, a.name()), a.name());
      case Expression.Index index -> index(index, scope);
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Call call -> call(call, scope);
      case Expression.Filter f -> filter(evaluate(f.base(), scope), f.name(), f.arguments(), scope);
      case Expression.Test test ->
          Tests.holds(
              evaluate(test.base(), scope), arguments(test.name(), test.arguments(), scope));
      case Expression.Negative n ->
          switch (evaluate(n.operand(), scope)) {
            case Long value -> -value;
            case Double value -> -value;
            case Object other ->
                throw new TemplateException("cannot negate " + Values.typeName(other));
          };
      case Expression.Not not -> !Values.truth(evaluate(not.operand(), scope));
      case Expression.And and -> {
        Object left = evaluate(and.left(), scope);
        yield Values.truth(left) ? evaluate(and.right(), scope) : left;
      }
      case Expression.Or or -> {
        Object left = evaluate(or.left(), scope);
        yield Values.truth(left) ? left : evaluate(or.right(), scope);
      }
      case Expression.Arithmetic a ->
          arithmetic(a.operator(), evaluate(a.left(), scope), evaluate(a.right(), scope));
      case Expression.Comparison comparison -> comparison(comparison, scope);
      case Expression.Concatenation parts ->
          methods.join(Text.EMPTY, evaluate(parts.parts(), scope));
      case Expression.Conditional choice -> {
        if (Values.truth(evaluate(choice.condition(), scope))) {
          yield evaluate(choice.then(), scope);
        }
        Expression otherwise = choice.otherwise();
        yield otherwise == null ? Constant.UNDEFINED : evaluate(otherwise, scope);
      }
    };
  }

  private List<Object> evaluate(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression each : expressions) {
      values.add(evaluate(each, scope));
    }
    return values;
  }

  Object filter(Object value, String name, Expression.Arguments given, Scope scope) {
    Arguments arguments = arguments(name, given, scope);
    budget.read(value);
    return budget.admit(filters.apply(value, arguments));
  }

  private Arguments arguments(String callee, Expression.Arguments given, Scope scope) {
    Map<String, Object> named = new LinkedHashMap<>();
    given.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    return new Arguments(callee, evaluate(given.positional(), scope), named);
  }

  private Object defined(Expression base, Scope scope, String wanted) {
    Object value = evaluate(base, scope);
    if (value == Constant.UNDEFINED) {
      String name = base instanceof Expression.Name n ? "'" + n.name() + "'" : "a value";
      throw new TemplateException(
          "chat template: " + name + " is undefined; it has no '" + wanted + "'");
    }
    return value;
  }

  private static Object attribute(Object base, String name) {
    Object value =
        switch (base) {
          case Map<?, ?> map -> map.get(name);
          case Namespace namespace -> namespace.attributes().get(name);
          default -> null;
        };
    return value == null ? Constant.UNDEFINED : value;
  }

  private Object index(Expression.Index index, Scope scope) {
    Object at = evaluate(index.index(), scope);
    Object base = defined(index.base(), scope, Values.text(at).toString());
    if (at instanceof Long position) {
      budget.read(base);
      if (base instanceof Text text) {
        return point(text, position);
      }
      List<Object> items = base instanceof Map<?, ?> ? List.of() : Values.items(base);
      long from = position < 0 ? position + items.size() : position;
      return from < 0 || from >= items.size() ? Constant.UNDEFINED : items.get((int) from);
    }
    return attribute(base, Values.text(at).toString());
  }

  private static Object point(Text text, long position) {
    String s = text.toString();
    long size = Values.length(text);
    long at = position < 0 ? position + size : position;
    if (at < 0 || at >= size) {
      return Constant.UNDEFINED;
    }
    int from = s.offsetByCodePoints(0, (int) at);
    return text.slice(from, s.offsetByCodePoints(from, 1));
  }

  private Object slice(Expression.Slice slice, Scope scope) {
    Object base = defined(slice.base(), scope, "slice");
    long step = bound(slice.step(), scope, 1);
    if (step == 0) {
      throw new TemplateException("chat template: a slice's step is 0");
    }
    long size = Values.length(base);
    long from = clamp(bound(slice.from(), scope, step > 0 ? 0 : Long.MAX_VALUE), size, step);
    long to =
        clamp(bound(slice.to(), scope, step > 0 ? Long.MAX_VALUE : Long.MIN_VALUE), size, step);
    budget.make(size);
    if (base instanceof Text text && step == 1) {
      String s = text.toString();
      return from >= to
          ? Text.EMPTY
          : text.slice(s.offsetByCodePoints(0, (int) from), s.offsetByCodePoints(0, (int) to));
    }
    List<Object> items = Values.items(base);
    List<Object> chosen = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      chosen.add(items.get((int) i));
    }
    return budget.admit(base instanceof Text ? methods.join(Text.EMPTY, chosen) : chosen);
  }

  private long bound(@Nullable Expression expression, Scope scope, long absent) {
    Object value = expression == null ? Constant.NONE : evaluate(expression, scope);
    return switch (value) {
      case Constant.NONE -> absent;
      // Far beyond any size, and far from overflow.
      case Long n -> Math.clamp(n, -(1L << 40), 1L << 40);
      default -> throw new TemplateException("chat template: a slice's bound is not an integer");
    };
  }

  // Python's rule: negative counts from the end; what is outside is drawn to the nearest place.
  private static long clamp(long bound, long size, long step) {
    long at = bound < 0 && bound != Long.MIN_VALUE ? bound + size : bound;
    return step > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
  }

  private Object call(Expression.Call call, Scope scope) {
    if (call.callee() instanceof Expression.Attribute method) {
      Object base = defined(method.base(), scope, method.name());
      if (!(attribute(base, method.name()) instanceof Callable callable)) {
        Arguments arguments = arguments(method.name(), call.arguments(), scope);
        budget.read(base);
        return budget.admit(methods.call(base, arguments));
      }
      return invoke(callable, arguments(method.name(), call.arguments(), scope));
    }
    Object callee = evaluate(call.callee(), scope);
    String name = call.callee() instanceof Expression.Name n ? n.name() : "a value";
    if (!(callee instanceof Callable callable)) {
      throw new TemplateException("chat template: '" + name + "' is not a function");
    }
    return invoke(callable, arguments(name, call.arguments(), scope));
  }

  private Object invoke(Callable callable, Arguments arguments) {
    budget.enter();
    Object value = callable.call(arguments.positional(), arguments.named());
    budget.leave();
    return budget.admit(value);
  }

  private boolean comparison(Expression.Comparison comparison, Scope scope) {
    Object left = evaluate(comparison.operands().getFirst(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = evaluate(comparison.operands().get(i + 1), scope);
      budget.read(left);
      budget.read(right);
      boolean holds =
          switch (comparison.operators().get(i)) {
            case "==" -> Values.same(left, right);
            case "!=" -> !Values.same(left, right);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            case ">=" -> Values.compare(left, right) >= 0;
            case "in" -> Values.contains(right, left);
            default -> !Values.contains(right, left);
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object arithmetic(String operator, Object left, Object right) {
    if (operator.equals("+") && left instanceof Text && right instanceof Text) {
      return methods.join(Text.EMPTY, List.of(left, right));
    }
    if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
      budget.make((long) a.size() + b.size());
      List<Object> joined = new ArrayList<>(a);
      joined.addAll(b);
      return budget.admit(joined);
    }
    if (operator.equals("*") && left instanceof Text text && right instanceof Long times) {
      budget.make(text.length() * Math.clamp(times, 0, 1L << 31));
      return methods.join(
          Text.EMPTY, java.util.Collections.nCopies((int) Math.max(0, times), text));
    }
    if (left instanceof Long a && right instanceof Long b) {
      return integers(operator, a, b);
    }
    if (left instanceof Number a && right instanceof Number b) {
      return reals(operator, a.doubleValue(), b.doubleValue());
    }
    throw new TemplateException(
        "chat template: "
            + Values.typeName(left)
            + " "
            + operator
            + " "
            + Values.typeName(right)
            + " has no meaning");
  }

  private static Object integers(String operator, long a, long b) {
    try {
      return switch (operator) {
        case "+" -> Math.addExact(a, b);
        case "-" -> Math.subtractExact(a, b);
        case "*" -> Math.multiplyExact(a, b);
        case "//" -> Math.floorDiv(a, b);
        case "%" -> Math.floorMod(a, b);
        case "/" -> reals("/", (double) a, (double) b);
        default -> power(a, b);
      };
    } catch (ArithmeticException e) {
      throw new TemplateException("chat template: " + a + " " + operator + " " + b + " fails");
    }
  }

  private static Object power(long a, long b) {
    double power = Math.pow((double) a, (double) b);
    return b >= 0 && Math.abs(power) < 1L << 53 ? (Object) (long) power : (Object) power;
  }

  private static Object reals(String operator, double a, double b) {
    if (b == 0 && "//%".contains(operator)) {
      throw new TemplateException("chat template: division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }
}
