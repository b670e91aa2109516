package dev.ponder.model.template;

import dev.ponder.model.template.Expression.And;
import dev.ponder.model.template.Expression.Arguments;
import dev.ponder.model.template.Expression.Arithmetic;
import dev.ponder.model.template.Expression.Attribute;
import dev.ponder.model.template.Expression.Call;
import dev.ponder.model.template.Expression.Comparison;
import dev.ponder.model.template.Expression.Concatenation;
import dev.ponder.model.template.Expression.Conditional;
import dev.ponder.model.template.Expression.Filter;
import dev.ponder.model.template.Expression.Index;
import dev.ponder.model.template.Expression.ListLiteral;
import dev.ponder.model.template.Expression.Literal;
import dev.ponder.model.template.Expression.MapLiteral;
import dev.ponder.model.template.Expression.Name;
import dev.ponder.model.template.Expression.Negative;
import dev.ponder.model.template.Expression.Not;
import dev.ponder.model.template.Expression.Or;
import dev.ponder.model.template.Expression.Slice;
import dev.ponder.model.template.Expression.Test;
import dev.ponder.model.template.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Parses expressions by recursive descent, with Jinja's precedences. Not thread-safe. */
final class ExpressionParser {
  /** How deep a template may nest; far above any real one, far below the stack's end. */
  static final int MAX_DEPTH = 100;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  // These names end a test; they are not its argument.
  private static final Set<String> AFTER_TEST =
      Set.of("and", "or", "not", "is", "in", "if", "else", "recursive");

  private final TokenStream tokens;
  private int depth;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** Parses an expression, or several with commas between them as a list. */
  Expression tuple() {
    return commas(this::expression);
  }

  /** As {@link #tuple}, without {@code x if y}: what stands after {@code in} of a loop. */
  Expression disjunctionTuple() {
    return commas(this::disjunction);
  }

  private Expression commas(Supplier<Expression> element) {
    Expression first = element.get();
    if (!tokens.peek().is(Kind.OPERATOR, ",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skip(",") && startsExpression(tokens.peek())) {
      items.add(element.get());
    }
    return new ListLiteral(items);
  }

  private static boolean startsExpression(Token token) {
    return switch (token.kind()) {
      case NAME, INTEGER, FLOAT, STRING -> true;
      case OPERATOR -> "([{-+".contains(token.text());
      default -> false;
    };
  }

  Expression expression() {
    if (++depth > MAX_DEPTH) {
      throw tokens.failure("an expression is nested deeper than " + MAX_DEPTH);
    }
    Expression value = disjunction();
    while (tokens.skipName("if")) {
      Expression condition = disjunction();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      value = new Conditional(value, condition, otherwise);
    }
    depth--;
    return value;
  }

  private Expression disjunction() {
    Expression left = conjunction();
    while (tokens.skipName("or")) {
      left = new Or(left, conjunction());
    }
    return left;
  }

  private Expression conjunction() {
    Expression left = negation();
    while (tokens.skipName("and")) {
      left = new And(left, negation());
    }
    return left;
  }

  private Expression negation() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    if (++depth > MAX_DEPTH) {
      throw tokens.failure("an expression is nested deeper than " + MAX_DEPTH);
    }
    Expression operand = negation();
    depth--;
    return new Not(operand);
  }

  private Expression comparison() {
    List<Expression> operands = new ArrayList<>(List.of(sum()));
    List<String> operators = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (token.is(Kind.NAME, "not")) {
        tokens.next();
        if (!tokens.skipName("in")) {
          throw tokens.unexpected();
        }
        operators.add("not in");
      } else {
        break;
      }
      operands.add(sum());
    }
    return operators.isEmpty() ? operands.getFirst() : new Comparison(operands, operators);
  }

  private Expression sum() {
    return binary(this::concatenation, "+", "-");
  }

  private Expression concatenation() {
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skip("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Concatenation(parts);
  }

  private Expression product() {
    return binary(() -> binary(() -> unary(true), "**"), "*", "/", "//", "%");
  }

  private Expression binary(Supplier<Expression> operand, String... operators) {
    Expression left = operand.get();
    while (tokens.peek().kind() == Kind.OPERATOR
        && List.of(operators).contains(tokens.peek().text())) {
      left = new Arithmetic(tokens.next().text(), left, operand.get());
    }
    return left;
  }

  private Expression unary(boolean withFilters) {
    if (++depth > MAX_DEPTH) {
      throw tokens.failure("an expression is nested deeper than " + MAX_DEPTH);
    }
    Expression value;
    if (tokens.skip("-")) {
      value = new Negative(unary(false));
    } else if (tokens.skip("+")) {
      value = unary(false);
    } else {
      value = postfix(primary());
    }
    depth--;
    return withFilters ? filters(value) : value;
  }

  private Expression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME ->
          switch (token.text()) {
            case "true", "True" -> new Literal(true);
            case "false", "False" -> new Literal(false);
            case "none", "None" -> new Literal(Constant.NONE);
            default -> new Name(token.text());
          };
      case STRING -> {
        StringBuilder joined = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          joined.append(tokens.next().text());
        }
        yield new Literal(Text.own(joined.toString()));
      }
      case INTEGER -> new Literal(integer(token.text()));
      case FLOAT -> new Literal(Double.parseDouble(token.text()));
      case OPERATOR -> bracketed(token);
      default -> throw tokens.failure("an expression is missing");
    };
  }

  private long integer(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw tokens.failure("number: " + digits + " (expected: at most 63 bits)");
    }
  }

  private Expression bracketed(Token token) {
    return switch (token.text()) {
      case "(" -> {
        if (tokens.skip(")")) {
          yield new ListLiteral(List.of());
        }
        Expression inner = tuple();
        tokens.expect(")");
        yield inner;
      }
      case "[" -> {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skip("]")) {
          items.add(expression());
          separator("]");
        }
        yield new ListLiteral(items);
      }
      case "{" -> {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skip("}")) {
          keys.add(expression());
          tokens.expect(":");
          values.add(expression());
          separator("}");
        }
        yield new MapLiteral(keys, values);
      }
      default -> throw tokens.failure("unexpected '" + token.text() + "'");
    };
  }

  private void separator(String close) {
    if (!tokens.skip(",") && !tokens.peek().is(Kind.OPERATOR, close)) {
      throw tokens.unexpected();
    }
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skip(".")) {
        value =
            tokens.peek().kind() == Kind.INTEGER
                ? new Index(value, new Literal(integer(tokens.next().text())))
                : new Attribute(value, tokens.name());
      } else if (tokens.skip("[")) {
        value = subscript(value);
      } else if (tokens.skip("(")) {
        value = new Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression base) {
    Expression from = tokens.peek().is(Kind.OPERATOR, ":") ? null : expression();
    if (from != null && tokens.skip("]")) {
      return new Index(base, from);
    }
    tokens.expect(":");
    Expression to = bound();
    Expression step = tokens.skip(":") ? bound() : null;
    tokens.expect("]");
    return new Slice(base, from, to, step);
  }

  private @Nullable Expression bound() {
    Token token = tokens.peek();
    boolean absent = token.is(Kind.OPERATOR, ":") || token.is(Kind.OPERATOR, "]");
    return absent ? null : expression();
  }

  /** Parses arguments up to and with the closing parenthesis. */
  Arguments arguments() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.skip(")")) {
      Expression value = expression();
      if (value instanceof Name name && tokens.skip("=")) {
        named.put(name.name(), expression());
      } else if (!named.isEmpty()) {
        throw tokens.failure("an argument without a name after one with a name");
      } else {
        positional.add(value);
      }
      separator(")");
    }
    return new Arguments(positional, named);
  }

  private Expression filters(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skip("|")) {
        String name = tokens.name();
        value = new Filter(value, name, tokens.skip("(") ? arguments() : Arguments.NONE);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.skip("(")) {
        value = new Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expression test(Expression value) {
    boolean negated = tokens.skipName("not");
    // "in" is a test of that name, not the operator, behind "is".
    String name = tokens.name();
    Arguments arguments = Arguments.NONE;
    Token token = tokens.peek();
    if (tokens.skip("(")) {
      arguments = arguments();
    } else if (startsArgument(token)) {
      arguments = new Arguments(List.of(postfix(primary())), Map.of());
    }
    Expression test = new Test(value, name, arguments);
    return negated ? new Not(test) : test;
  }

  private static boolean startsArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !AFTER_TEST.contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }
}
