package dev.ponder.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Rows of text under a header, printed for a terminal or as Markdown. NOT thread-safe. */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... header) {
    rows.add(List.of(header));
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException when the count of cells is not the header's
   */
  public void add(String... cells) {
    if (cells.length != rows.getFirst().size()) {
      throw new IllegalArgumentException(
          "cells: " + cells.length + " (expected: " + rows.getFirst().size() + ")");
    }
    rows.add(List.of(cells));
  }

  /** Columns two blanks apart, the first aligned left, the others right. */
  String aligned() {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String blanks = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? row.get(i) + blanks : "  " + blanks + row.get(i));
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  public String markdown() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      out.append(rows.get(i).stream().collect(Collectors.joining(" | ", "| ", " |\n")));
      if (i == 0) {
        out.append("| --- ").append("| ---: ".repeat(rows.getFirst().size() - 1)).append("|\n");
      }
    }
    return out.toString();
  }
}
