package dev.ponder.model.template;

import dev.ponder.model.template.Expression.Arguments;
import dev.ponder.model.template.Statement.Branch;
import dev.ponder.model.template.Statement.NamedFilter;
import dev.ponder.model.template.Statement.Parameter;
import dev.ponder.model.template.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds the statements of a template; expressions are left to {@link ExpressionParser}. */
final class Parser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int depth;

  private Parser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String source) {
    Parser parser = new Parser(new TokenStream(Lexer.tokens(source)));
    List<Statement> body = parser.body(Set.of());
    if (parser.tokens.peek().kind() != Kind.END) {
      throw parser.tokens.unexpected();
    }
    return body;
  }

  /** Reads up to a block whose name is among {@code ends}, and stops before that name. */
  private List<Statement> body(Set<String> ends) {
    if (++depth > ExpressionParser.MAX_DEPTH) {
      throw tokens.failure("nested deeper than " + ExpressionParser.MAX_DEPTH);
    }
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Data(Text.own(tokens.next().text())));
        case VARIABLE_BEGIN -> {
          tokens.next();
          body.add(new Statement.Print(expressions.tuple()));
          tokens.expect(Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          tokens.next();
          String name = tokens.peek().text();
          if (ends.contains(name)) {
            depth--;
            return body;
          }
          body.add(statement(tokens.name()));
        }
        default -> {
          if (!ends.isEmpty()) {
            throw tokens.failure("missing " + String.join(" or ", ends.stream().sorted().toList()));
          }
          depth--;
          return body;
        }
      }
    }
  }

  private Statement statement(String name) {
    return switch (name) {
      case "if" -> conditional();
      case "for" -> loop();
      case "set" -> set();
      case "macro" -> macro();
      case "filter" -> {
        List<NamedFilter> filters = new ArrayList<>(List.of(filter()));
        while (tokens.skip("|")) {
          filters.add(filter());
        }
        endTag();
        yield new Statement.Capture(null, filters, closed("endfilter"));
      }
      case "generation" -> {
        endTag();
        yield new Statement.Group(closed("endgeneration"));
      }
      case "break" -> {
        endTag();
        yield new Statement.Break();
      }
      case "continue" -> {
        endTag();
        yield new Statement.Continue();
      }
      default -> throw tokens.failure("unknown tag '" + name + "'");
    };
  }

  private void endTag() {
    tokens.expect(Kind.BLOCK_END);
  }

  /** Reads a body and its closing tag. */
  private List<Statement> closed(String end) {
    List<Statement> body = body(Set.of(end));
    tokens.name();
    endTag();
    return body;
  }

  private Statement conditional() {
    List<Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    String keyword = "if";
    while (!keyword.equals("endif")) {
      if (keyword.equals("else")) {
        endTag();
        otherwise = body(Set.of("endif"));
      } else {
        Expression condition = expressions.tuple();
        endTag();
        branches.add(new Branch(condition, body(Set.of("elif", "else", "endif"))));
      }
      keyword = tokens.name();
    }
    endTag();
    return new Statement.If(branches, otherwise);
  }

  private Statement loop() {
    List<String> targets = targets();
    if (!tokens.skipName("in")) {
      throw tokens.unexpected();
    }
    Expression items = expressions.disjunctionTuple();
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    if (tokens.skipName("recursive")) {
      throw tokens.failure("recursive loops are not supported");
    }
    endTag();
    List<Statement> body = body(Set.of("else", "endfor"));
    List<Statement> otherwise = List.of();
    if (tokens.name().equals("else")) {
      endTag();
      otherwise = body(Set.of("endfor"));
      tokens.name();
    }
    endTag();
    return new Statement.For(targets, items, condition, body, otherwise);
  }

  private List<String> targets() {
    boolean parenthesis = tokens.skip("(");
    List<String> names = new ArrayList<>(List.of(tokens.name()));
    while (tokens.skip(",")) {
      names.add(tokens.name());
    }
    if (parenthesis) {
      tokens.expect(")");
    }
    return names;
  }

  private Statement set() {
    List<String> targets = targets();
    String first = targets.getFirst();
    if (tokens.skip(".")) {
      String attribute = tokens.name();
      tokens.expect("=");
      Expression value = expressions.tuple();
      endTag();
      return new Statement.SetAttribute(first, attribute, value);
    }
    if (tokens.skip("=")) {
      Expression value = expressions.tuple();
      endTag();
      return new Statement.Set(targets, value);
    }
    List<NamedFilter> filters = new ArrayList<>();
    while (tokens.skip("|")) {
      filters.add(filter());
    }
    endTag();
    return new Statement.Capture(first, filters, closed("endset"));
  }

  private NamedFilter filter() {
    String name = tokens.name();
    Arguments arguments = tokens.skip("(") ? expressions.arguments() : Arguments.NONE;
    return new NamedFilter(name, arguments);
  }

  private Statement macro() {
    String name = tokens.name();
    tokens.expect("(");
    Map<String, @Nullable Expression> parameters = new LinkedHashMap<>();
    while (!tokens.skip(")")) {
      String parameter = tokens.name();
      parameters.put(parameter, tokens.skip("=") ? expressions.expression() : null);
      if (!tokens.skip(",") && !tokens.peek().is(Kind.OPERATOR, ")")) {
        throw tokens.unexpected();
      }
    }
    endTag();
    List<Parameter> list =
        parameters.entrySet().stream().map(e -> new Parameter(e.getKey(), e.getValue())).toList();
    return new Statement.Macro(name, list, closed("endmacro"));
  }
}
