package dev.ponder.model.template;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The {@code tojson} filter: JSON as Python's {@code json.dumps} spaces it, non-ASCII characters
 * kept.
 */
final class Json {
  private final Text.Builder out;
  private final int indent;
  private final boolean ascii;
  private final boolean sorted;

  private Json(int limit, int indent, boolean ascii, boolean sorted) {
    this.out = new Text.Builder(limit);
    this.indent = indent;
    this.ascii = ascii;
    this.sorted = sorted;
  }

  /**
   * Writes a value.
   *
   * @param indent spaces a level; negative: all in one line
   */
  static Text write(Object value, int limit, int indent, boolean ascii, boolean sorted) {
    Json json = new Json(limit, indent, ascii, sorted);
    json.write(value, 0);
    return json.out.build();
  }

  private void write(Object value, int level) {
    switch (value) {
      case Text t -> string(t);
      case Constant.NONE -> out.append("null");
      case Boolean b -> out.append(b.toString());
      case Number n -> out.append(n.toString());
      case List<?> list -> {
        out.append("[");
        boolean first = true;
        for (Object each : list) {
          separate(first, level + 1);
          first = false;
          write(each, level + 1);
        }
        close(list.isEmpty(), "]", level);
      }
      case Map<?, ?> map -> {
        out.append("{");
        boolean first = true;
        Map<?, ?> ordered = sorted ? new TreeMap<>(map) : map;
        for (Map.Entry<?, ?> entry : ordered.entrySet()) {
          separate(first, level + 1);
          first = false;
          string(Text.own(entry.getKey().toString()));
          out.append(": ");
          write(entry.getValue(), level + 1);
        }
        close(map.isEmpty(), "}", level);
      }
      default ->
          throw new TemplateException("tojson: " + Values.typeName(value) + " has no JSON form");
    }
  }

  private void separate(boolean first, int level) {
    if (indent >= 0) {
      out.append(first ? "\n" : ",\n").append(" ".repeat(indent * level));
    } else if (!first) {
      out.append(", ");
    }
  }

  private void close(boolean empty, String bracket, int level) {
    if (indent >= 0 && !empty) {
      out.append("\n").append(" ".repeat(indent * level));
    }
    out.append(bracket);
  }

  private void string(Text text) {
    out.append("\"");
    String chars = text.toString();
    int plain = 0;
    for (int i = 0; i < chars.length(); i++) {
      String escaped = escape(chars.charAt(i));
      if (!escaped.isEmpty()) {
        out.append(text.slice(plain, i));
        out.append(text.isData(i) ? Text.data(escaped) : Text.own(escaped));
        plain = i + 1;
      }
    }
    out.append(text.slice(plain, chars.length())).append("\"");
  }

  private String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> c < 0x20 || (ascii && c > 0x7e) ? String.format("\\u%04x", (int) c) : "";
    };
  }
}
