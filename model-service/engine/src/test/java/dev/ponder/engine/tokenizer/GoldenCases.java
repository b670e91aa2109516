package dev.ponder.engine.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Reads what {@code src/test/python/tokenizer_golden.py} writes. */
final class GoldenCases {
  static final class Case {
    final boolean parseSpecial;
    final String text;
    final int[] ids;

    Case(boolean parseSpecial, String text, int[] ids) {
      this.parseSpecial = parseSpecial;
      this.text = text;
      this.ids = ids;
    }
  }

  private GoldenCases() {}

  static List<Case> read(String name) {
    String resource = "/tokenizer/" + name + ".tsv";
    try (InputStream in =
        Objects.requireNonNull(GoldenCases.class.getResourceAsStream(resource), resource)) {
      String all = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return all.lines().map(GoldenCases::parse).toList();
    } catch (IOException e) {
      throw new AssertionError(resource, e);
    }
  }

  private static Case parse(String line) {
    String[] fields = line.split("\t", -1);
    int[] ids =
        Stream.of(fields[2].split(" ", -1))
            .filter(id -> !id.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    return new Case(fields[0].equals("1"), unescaped(fields[1]), ids);
  }

  /** Reads a JSON string with its quotes, all ASCII. */
  private static String unescaped(String json) {
    StringBuilder text = new StringBuilder(json.length());
    for (int i = 1; i < json.length() - 1; i++) {
      char c = json.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char kind = json.charAt(++i);
      switch (kind) {
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'b' -> text.append('\b');
        case 'f' -> text.append('\f');
        case 'u' -> {
          text.append((char) Integer.parseInt(json.substring(i + 1, i + 5), 16));
          i += 4;
        }
        default -> text.append(kind);
      }
    }
    return text.toString();
  }
}
