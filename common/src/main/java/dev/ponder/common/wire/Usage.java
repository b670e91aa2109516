package dev.ponder.common.wire;

/**
 * Tokens a request took.
 *
 * @param cachedTokens prompt tokens whose KV was found, not computed
 */
public record Usage(int promptTokens, int completionTokens, int cachedTokens) {
  public static final Usage ZERO = new Usage(0, 0, 0);

  public Usage plus(Usage other) {
    return new Usage(
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        cachedTokens + other.cachedTokens);
  }
}
