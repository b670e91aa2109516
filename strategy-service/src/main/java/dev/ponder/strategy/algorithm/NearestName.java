package dev.ponder.strategy.algorithm;

import java.util.Collection;
import java.util.Comparator;

/** Finds the name a typing error was meant to be, by edit distance (Levenshtein 1966). */
public final class NearestName {
  /** Longer names are cut: the distance takes time in proportion to the product of the lengths. */
  private static final int MAX_LENGTH = 64;

  private NearestName() {}

  /** Returns the closest of {@code names}, the first in their order among equals. */
  public static String of(String name, Collection<String> names) {
    String cut = name.substring(0, Math.min(name.length(), MAX_LENGTH));
    return names.stream()
        .min(Comparator.comparingInt(each -> distance(cut, each)))
        .orElseThrow(() -> new IllegalArgumentException("names: empty (expected: at least one)"));
  }

  static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(substituted, Math.min(previous[j], row[j - 1]) + 1);
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
