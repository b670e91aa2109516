package dev.ponder.model.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs a template's statements once. Not thread-safe: one rendering each. */
final class Interpreter {
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;

  Interpreter(Budget budget) {
    this.budget = budget;
    this.evaluator = new Evaluator(budget);
  }

  Text run(List<Statement> body, Scope scope) {
    Text.Builder out = new Text.Builder(budget.maxCharacters());
    execute(body, scope, out);
    return out.build();
  }

  private Flow execute(List<Statement> body, Scope scope, Text.Builder out) {
    budget.enter();
    for (Statement statement : body) {
      budget.step();
      Flow flow = execute(statement, scope, out);
      if (flow != Flow.NEXT) {
        budget.leave();
        return flow;
      }
    }
    budget.leave();
    return Flow.NEXT;
  }

  private Flow execute(Statement statement, Scope scope, Text.Builder out) {
    switch (statement) {
      case Statement.Data data -> out.append(data.text());
      case Statement.Print print ->
          out.append(Values.text(evaluator.evaluate(print.value(), scope)));
      case Statement.If choice -> {
        for (Statement.Branch branch : choice.branches()) {
          if (Values.truth(evaluator.evaluate(branch.condition(), scope))) {
            return execute(branch.body(), scope, out);
          }
        }
        return execute(choice.otherwise(), scope, out);
      }
      case Statement.For loop -> {
        return loop(loop, scope, out);
      }
      case Statement.Set set ->
          assign(set.targets(), evaluator.evaluate(set.value(), scope), scope);
      case Statement.SetAttribute set -> {
        if (!(scope.get(set.namespace()) instanceof Namespace namespace)) {
          throw new TemplateException(
              "chat template: '" + set.namespace() + "' is not a namespace; it cannot be changed");
        }
        namespace.attributes().put(set.attribute(), evaluator.evaluate(set.value(), scope));
      }
      case Statement.Capture capture -> {
        Object value = captured(capture.body(), new Scope(scope));
        for (Statement.NamedFilter filter : capture.filters()) {
          value = evaluator.filter(value, filter.name(), filter.arguments(), scope);
        }
        if (capture.name() == null) {
          out.append(Values.text(value));
        } else {
          scope.set(capture.name(), value);
        }
      }
      case Statement.Macro macro ->
          scope.set(macro.name(), (Callable) (given, named) -> expand(macro, given, named, scope));
      case Statement.Group group -> {
        return execute(group.body(), scope, out);
      }
      case Statement.Break _ -> {
        return Flow.BREAK;
      }
      case Statement.Continue _ -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  private Text captured(List<Statement> body, Scope scope) {
    Text.Builder out = new Text.Builder(budget.maxCharacters());
    execute(body, scope, out);
    Text text = out.build();
    budget.make(text.length());
    return text;
  }

  private static void assign(List<String> targets, Object value, Scope scope) {
    if (targets.size() == 1) {
      scope.set(targets.getFirst(), value);
      return;
    }
    List<Object> parts = Values.items(value);
    if (parts.size() != targets.size()) {
      throw new TemplateException(
          "chat template: " + parts.size() + " values for " + targets.size() + " names");
    }
    for (int i = 0; i < targets.size(); i++) {
      scope.set(targets.get(i), parts.get(i));
    }
  }

  private Text expand(
      Statement.Macro macro, List<Object> given, Map<String, Object> named, Scope definition) {
    List<Statement.Parameter> parameters = macro.parameters();
    if (given.size() > parameters.size()) {
      throw new TemplateException(
          "chat template: macro '" + macro.name() + "' takes " + parameters.size() + " arguments");
    }
    Scope scope = new Scope(definition);
    for (int i = 0; i < parameters.size(); i++) {
      Statement.Parameter parameter = parameters.get(i);
      Object value = i < given.size() ? given.get(i) : named.get(parameter.name());
      if (value == null) {
        Expression fallback = parameter.fallback();
        value = fallback == null ? Constant.UNDEFINED : evaluator.evaluate(fallback, scope);
      }
      scope.set(parameter.name(), value);
    }
    return captured(macro.body(), scope);
  }

  private Flow loop(Statement.For loop, Scope scope, Text.Builder out) {
    List<Object> items = Values.items(evaluator.evaluate(loop.items(), scope));
    budget.make(items.size());
    Expression condition = loop.condition();
    if (condition != null) {
      List<Object> kept = new ArrayList<>();
      for (Object item : items) {
        Scope trial = new Scope(scope);
        assign(loop.targets(), item, trial);
        if (Values.truth(evaluator.evaluate(condition, trial))) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      return execute(loop.otherwise(), new Scope(scope), out);
    }
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      Scope inner = new Scope(scope);
      inner.set("loop", state(items, i));
      assign(loop.targets(), items.get(i), inner);
      if (execute(loop.body(), inner, out) == Flow.BREAK) {
        break;
      }
    }
    return Flow.NEXT;
  }

  private static Map<String, Object> state(List<Object> items, int i) {
    Map<String, Object> state = new LinkedHashMap<>();
    int size = items.size();
    state.put("index", i + 1L);
    state.put("index0", (long) i);
    state.put("revindex", (long) size - i);
    state.put("revindex0", size - i - 1L);
    state.put("first", i == 0);
    state.put("last", i == size - 1);
    state.put("length", (long) size);
    state.put("previtem", neighbour(items, i - 1));
    state.put("nextitem", neighbour(items, i + 1));
    state.put(
        "cycle",
        (Callable)
            (given, _) -> {
              if (given.isEmpty()) {
                throw new TemplateException("chat template: cycle of nothing");
              }
              return given.get(i % given.size());
            });
    return state;
  }

  private static Object neighbour(List<Object> items, int i) {
    @Nullable Object item = i < 0 || i >= items.size() ? null : items.get(i);
    return item == null ? Constant.UNDEFINED : item;
  }
}
