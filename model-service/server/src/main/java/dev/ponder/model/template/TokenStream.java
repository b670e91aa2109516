package dev.ponder.model.template;

import dev.ponder.model.template.Token.Kind;
import java.util.List;

/** A cursor over a template's tokens. Not thread-safe. */
final class TokenStream {
  private final List<Token> tokens;
  private int position;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(position);
  }

  Token next() {
    Token token = tokens.get(position);
    if (token.kind() != Kind.END) {
      position++;
    }
    return token;
  }

  boolean skip(String operator) {
    boolean found = peek().is(Kind.OPERATOR, operator);
    position += found ? 1 : 0;
    return found;
  }

  boolean skipName(String name) {
    boolean found = peek().is(Kind.NAME, name);
    position += found ? 1 : 0;
    return found;
  }

  void expect(Kind kind) {
    if (next().kind() != kind) {
      position--;
      throw unexpected();
    }
  }

  void expect(String operator) {
    if (!skip(operator)) {
      throw unexpected();
    }
  }

  String name() {
    if (peek().kind() != Kind.NAME) {
      throw unexpected();
    }
    return next().text();
  }

  TemplateException unexpected() {
    Token token = peek();
    String what =
        token.text().isEmpty() ? token.kind().name().replace('_', ' ') : "'" + token.text() + "'";
    return failure("unexpected " + what);
  }

  TemplateException failure(String what) {
    return new TemplateException("chat template, line " + peek().line() + ": " + what);
  }
}
