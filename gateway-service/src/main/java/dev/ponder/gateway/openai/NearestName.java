package dev.ponder.gateway.openai;

import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Finds the name somebody probably meant. */
public final class NearestName {
  private static final int LONGEST = 128;

  private NearestName() {}

  /**
   * Returns {@code "; did you mean x?"}, or nothing when no name is near: further than half its
   * length.
   */
  public static String hint(String wrong, Collection<String> names) {
    String nearest = of(wrong, names);
    return nearest == null ? "" : "; did you mean " + nearest + "?";
  }

  static @Nullable String of(String wrong, Collection<String> names) {
    if (wrong.length() > LONGEST) {
      return null;
    }
    return names.stream()
        .filter(name -> name.length() <= LONGEST)
        .filter(name -> distance(wrong, name) <= Math.max(1, name.length() / 2))
        .min(Comparator.comparingInt(name -> distance(wrong, name)))
        .orElse(null);
  }

  /** Levenshtein's distance, case ignored. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same =
            Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        int replaced = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
