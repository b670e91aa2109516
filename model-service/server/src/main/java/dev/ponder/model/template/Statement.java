package dev.ponder.model.template;

import dev.ponder.model.template.Expression.Arguments;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a template does: the statement half of the syntax tree. */
sealed interface Statement {
  record Data(Text text) implements Statement {}

  record Print(Expression value) implements Statement {}

  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expression condition, List<Statement> body) {}

  record For(
      List<String> targets,
      Expression items,
      @Nullable Expression condition,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /** {@code set a, b = value}. */
  record Set(List<String> targets, Expression value) implements Statement {}

  /** {@code set namespace.attribute = value}. */
  record SetAttribute(String namespace, String attribute, Expression value) implements Statement {}

  /** {@code set name} ... {@code endset}, or a block of filters when the name is null. */
  record Capture(@Nullable String name, List<NamedFilter> filters, List<Statement> body)
      implements Statement {}

  record NamedFilter(String name, Arguments arguments) {}

  record Macro(String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  record Parameter(String name, @Nullable Expression fallback) {}

  /** A block that only marks its content, such as {@code generation}. */
  record Group(List<Statement> body) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}
}
