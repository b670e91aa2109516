package dev.ponder.engine.accuracy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named texts of one UTF-8 file: a line {@code === name} opens an entry, the lines up to the next
 * are its text, without the last line feed (an empty last line therefore ends the text with a line
 * feed).
 */
final class GoldenTexts {
  private static final String MARKER = "=== ";

  private GoldenTexts() {}

  static Map<String, String> read(Path file) throws IOException {
    Map<String, List<String>> lines = new LinkedHashMap<>();
    List<String> current = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(MARKER)) {
        current = new ArrayList<>();
        lines.put(line.substring(MARKER.length()), current);
      } else {
        current.add(line);
      }
    }
    Map<String, String> texts = new LinkedHashMap<>();
    lines.forEach((name, text) -> texts.put(name, String.join("\n", text)));
    return texts;
  }
}
