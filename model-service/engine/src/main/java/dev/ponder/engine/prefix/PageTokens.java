package dev.ponder.engine.prefix;

import java.util.Arrays;

/**
 * The tokens of one page, as a key: equal if the tokens are. Comparable, so that keys made to
 * collide cost a map a logarithm and not a scan.
 */
final class PageTokens implements Comparable<PageTokens> {
  private final int[] tokens;
  private final int from;
  private final int to;
  private final int hash;

  /** A view of {@code tokens[from, to)}, for a look-up. */
  PageTokens(int[] tokens, int from, int to) {
    this.tokens = tokens;
    this.from = from;
    this.to = to;
    int h = 1;
    for (int i = from; i < to; i++) {
      h = 31 * h + tokens[i];
    }
    this.hash = h;
  }

  /** A copy of its own, for keeping. */
  PageTokens copy() {
    return new PageTokens(Arrays.copyOfRange(tokens, from, to), 0, to - from);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PageTokens that
        && hash == that.hash
        && Arrays.equals(tokens, from, to, that.tokens, that.from, that.to);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public int compareTo(PageTokens that) {
    return Arrays.compare(tokens, from, to, that.tokens, that.from, that.to);
  }
}
