package dev.ponder.model.template;

import dev.ponder.model.template.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a template's source into tokens, with the white-space rules under which chat templates are
 * written: a line break after a block tag is dropped, so is the indentation before one, and the
 * source's own last line break.
 *
 * <p>Not thread-safe: one source each.
 */
final class Lexer {
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private int lineCountedTo;
  // Whether the text that comes next stands at the beginning of a line.
  private boolean lineStart = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String source) {
    String text = source.replace("\r\n", "\n").replace('\r', '\n');
    if (text.endsWith("\n")) {
      text = text.substring(0, text.length() - 1);
    }
    Lexer lexer = new Lexer(text);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (position < source.length()) {
      int open = nextOpening(position);
      if (open < 0) {
        data(source.substring(position));
        position = source.length();
        break;
      }
      char type = source.charAt(open + 1);
      char control = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
      String before = source.substring(position, open);
      if (control == '-') {
        before = before.stripTrailing();
      } else if (type != '{' && control != '+') {
        before = withoutIndent(before);
      }
      data(before);
      position = open + (control == '-' || control == '+' ? 3 : 2);
      lineStart = false;
      switch (type) {
        case '#' -> comment();
        case '{' -> tag(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, "}}");
        default -> {
          if (!raw()) {
            tag(Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
          }
        }
      }
    }
    tokens.add(new Token(Kind.END, "", lineAt(source.length())));
  }

  private int nextOpening(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Kind.DATA, text, lineAt(position)));
    }
  }

  private String withoutIndent(String text) {
    int start = text.lastIndexOf('\n') + 1;
    boolean startsLine = start > 0 || lineStart;
    return startsLine && text.substring(start).isBlank() ? text.substring(0, start) : text;
  }

  private void comment() {
    int end = source.indexOf("#}", position);
    if (end < 0) {
      throw failure("a comment is not closed");
    }
    char control = end > position ? source.charAt(end - 1) : ' ';
    position = end + 2;
    afterBlock(control);
  }

  /** Skips what the closing tag swallows. */
  private void afterBlock(char control) {
    if (control == '-') {
      skipWhiteSpace();
    } else if (control != '+' && position < source.length() && source.charAt(position) == '\n') {
      position++;
      lineStart = true;
    }
  }

  private void skipWhiteSpace() {
    while (position < source.length() && Character.isWhitespace(source.charAt(position))) {
      position++;
    }
  }

  /** Reads {@code raw} ... {@code endraw} whole, if that is what begins here. */
  private boolean raw() {
    int save = position;
    skipWhiteSpace();
    @Nullable Character control = source.startsWith("raw", position) ? closing(position + 3) : null;
    if (control == null) {
      position = save;
      return false;
    }
    afterBlock(control);
    int from = position;
    for (int open = source.indexOf("{%", from); open >= 0; open = source.indexOf("{%", open + 2)) {
      position = open + 2;
      boolean strips = position < source.length() && source.charAt(position) == '-';
      position += strips ? 1 : 0;
      skipWhiteSpace();
      Character end = source.startsWith("endraw", position) ? closing(position + 6) : null;
      if (end != null) {
        String text = source.substring(from, open);
        data(strips ? text.stripTrailing() : withoutIndent(text));
        lineStart = false;
        afterBlock(end);
        return true;
      }
    }
    throw failure("raw is not closed");
  }

  /** Moves behind {@code %}} if nothing else comes first; returns its white-space mark or null. */
  private @Nullable Character closing(int from) {
    int at = from;
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
    char control = at < source.length() ? source.charAt(at) : ' ';
    at += control == '-' || control == '+' ? 1 : 0;
    if (!source.startsWith("%}", at)) {
      return null;
    }
    position = at + 2;
    return control;
  }

  private void tag(Kind begin, Kind end, String close) {
    tokens.add(new Token(begin, "", lineAt(position)));
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      skipWhiteSpace();
      if (position >= source.length()) {
        throw failure("a tag is not closed");
      }
      if (open.isEmpty() && closes(close)) {
        char control = source.charAt(position);
        boolean marked = control == '-' || control == '+';
        tokens.add(new Token(end, "", lineAt(position)));
        position += marked ? 3 : 2;
        if (end == Kind.BLOCK_END) {
          afterBlock(control);
        } else if (control == '-') {
          skipWhiteSpace();
        }
        return;
      }
      token(open);
    }
  }

  private boolean closes(String close) {
    char control = source.charAt(position);
    return source.startsWith(close, position)
        || ((control == '-' || (control == '+' && close.equals("%}")))
            && source.startsWith(close, position + 1));
  }

  private void token(Deque<Character> open) {
    char c = source.charAt(position);
    int start = position;
    if (c == '"' || c == '\'') {
      tokens.add(new Token(Kind.STRING, string(c), lineAt(start)));
    } else if (Character.isDigit(c)) {
      number();
    } else if (Character.isLetter(c) || c == '_') {
      while (position < source.length()
          && (Character.isLetterOrDigit(source.charAt(position))
              || source.charAt(position) == '_')) {
        position++;
      }
      tokens.add(new Token(Kind.NAME, source.substring(start, position), lineAt(start)));
    } else {
      operator(open);
    }
  }

  private void number() {
    int start = position;
    boolean fraction = false;
    while (position < source.length()) {
      char c = source.charAt(position);
      boolean point =
          c == '.'
              && !fraction
              && position + 1 < source.length()
              && Character.isDigit(source.charAt(position + 1));
      if (!Character.isDigit(c) && c != '_' && !point) {
        break;
      }
      fraction |= point;
      position++;
    }
    String digits = source.substring(start, position).replace("_", "");
    tokens.add(new Token(fraction ? Kind.FLOAT : Kind.INTEGER, digits, lineAt(start)));
  }

  private void operator(Deque<Character> open) {
    for (String each : OPERATORS) {
      if (source.startsWith(each, position)) {
        switch (each) {
          case "(", "[", "{" -> open.push(each.charAt(0));
          case ")", "]", "}" -> {
            char opening = each.equals(")") ? '(' : each.equals("]") ? '[' : '{';
            if (open.isEmpty() || open.pop() != opening) {
              throw failure("unexpected '" + each + "'");
            }
          }
          default -> {}
        }
        tokens.add(new Token(Kind.OPERATOR, each, lineAt(position)));
        position += each.length();
        return;
      }
    }
    throw failure("unexpected '" + source.charAt(position) + "'");
  }

  private String string(char quote) {
    StringBuilder value = new StringBuilder();
    for (int i = position + 1; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == quote) {
        position = i + 1;
        return value.toString();
      }
      if (c != '\\' || i + 1 == source.length()) {
        value.append(c);
        continue;
      }
      char escaped = source.charAt(++i);
      switch (escaped) {
        case '\n' -> {}
        case 'n' -> value.append('\n');
        case 't' -> value.append('\t');
        case 'r' -> value.append('\r');
        case 'b' -> value.append('\b');
        case 'f' -> value.append('\f');
        case '0' -> value.append('\0');
        case '\\', '\'', '"' -> value.append(escaped);
        case 'x' -> i = codePoint(value, i, 2);
        case 'u' -> i = codePoint(value, i, 4);
        case 'U' -> i = codePoint(value, i, 8);
        default -> value.append('\\').append(escaped);
      }
    }
    throw failure("a string is not closed");
  }

  private int codePoint(StringBuilder value, int at, int digits) {
    try {
      value.appendCodePoint(Integer.parseInt(source, at + 1, at + 1 + digits, 16));
      return at + digits;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw failure("bad escape in a string");
    }
  }

  private int lineAt(int offset) {
    while (lineCountedTo < offset) {
      if (source.charAt(lineCountedTo++) == '\n') {
        line++;
      }
    }
    return line;
  }

  private TemplateException failure(String what) {
    return new TemplateException(
        "chat template, line " + lineAt(Math.min(position, source.length())) + ": " + what);
  }
}
