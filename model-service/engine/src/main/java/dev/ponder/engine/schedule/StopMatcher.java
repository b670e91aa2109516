package dev.ponder.engine.schedule;

import java.util.List;

/**
 * Finds stop strings in a text that arrives in pieces, and lets through what cannot be part of one
 * any more: one Knuth-Morris-Pratt automaton a stop string, so a character costs constant time
 * however the strings are chosen. The stop string that is complete first counts, and of those that
 * are complete at the same character the longest. NOT thread-safe.
 */
final class StopMatcher {
  private final List<String> stops;
  private final int[][] failures;
  private final int[] matched;
  private final StringBuilder held = new StringBuilder();
  private boolean found;

  StopMatcher(List<String> stops) {
    this.stops = stops;
    this.failures = stops.stream().map(StopMatcher::failures).toArray(int[][]::new);
    this.matched = new int[stops.size()];
  }

  /** Takes a piece of text and returns the text that is certain now, up to a stop string. */
  String accept(String text) {
    if (found) {
      return "";
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      held.append(c);
      int longest = advance(c);
      if (longest > 0) {
        found = true;
        held.setLength(held.length() - longest);
        return rest();
      }
    }
    return take(held.length() - longestPrefix());
  }

  /** Whether a stop string was found; nothing comes through any more. */
  boolean found() {
    return found;
  }

  /** Returns the text held back, when no more will come. */
  String rest() {
    return take(held.length());
  }

  private String take(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  /** Returns the length of the longest stop string that {@code c} completes, or 0. */
  private int advance(char c) {
    int longest = 0;
    for (int s = 0; s < matched.length; s++) {
      String stop = stops.get(s);
      int state = matched[s];
      while (state > 0 && stop.charAt(state) != c) {
        state = failures[s][state - 1];
      }
      if (stop.charAt(state) == c) {
        state++;
      }
      if (state == stop.length()) {
        longest = Math.max(longest, state);
        state = 0; // the search ends here
      }
      matched[s] = state;
    }
    return longest;
  }

  private int longestPrefix() {
    int longest = 0;
    for (int length : matched) {
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** For each prefix, the length of its longest proper border. */
  private static int[] failures(String stop) {
    int[] failures = new int[stop.length()];
    int length = 0;
    for (int i = 1; i < failures.length; i++) {
      while (length > 0 && stop.charAt(i) != stop.charAt(length)) {
        length = failures[length - 1];
      }
      if (stop.charAt(i) == stop.charAt(length)) {
        length++;
      }
      failures[i] = length;
    }
    return failures;
  }
}
