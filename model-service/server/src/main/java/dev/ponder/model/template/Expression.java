package dev.ponder.model.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a template computes: the expression half of the syntax tree. */
sealed interface Expression {
  record Literal(Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListLiteral(List<Expression> items) implements Expression {}

  record MapLiteral(List<Expression> keys, List<Expression> values) implements Expression {}

  record Attribute(Expression base, String name) implements Expression {}

  record Index(Expression base, Expression index) implements Expression {}

  record Slice(
      Expression base,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step)
      implements Expression {}

  record Call(Expression callee, Arguments arguments) implements Expression {}

  record Filter(Expression base, String name, Arguments arguments) implements Expression {}

  record Test(Expression base, String name, Arguments arguments) implements Expression {}

  record Negative(Expression operand) implements Expression {}

  record Not(Expression operand) implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Arithmetic(String operator, Expression left, Expression right) implements Expression {}

  /** {@code a < b <= c}: one operator between each two operands. */
  record Comparison(List<Expression> operands, List<String> operators) implements Expression {}

  record Concatenation(List<Expression> parts) implements Expression {}

  record Conditional(Expression then, Expression condition, @Nullable Expression otherwise)
      implements Expression {}

  record Arguments(List<Expression> positional, Map<String, Expression> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());
  }
}
