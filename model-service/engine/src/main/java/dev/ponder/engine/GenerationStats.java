package dev.ponder.engine;

/**
 * What a finished request took.
 *
 * @param promptTokens tokens of the prompt
 * @param completionTokens tokens delivered by {@link GenerationListener#onToken}, all samples
 *     together; the end-of-generation token that closes a sample is not one
 * @param cachedTokens prompt tokens whose KV was found, not computed
 * @param queueNanos from submission until it was first scheduled
 * @param cacheNanos waiting for the {@link PrefixStore}
 * @param cacheBytes KV bytes taken from the {@link PrefixStore}
 * @param prefillNanos from then until the first token could be drawn
 * @param decodeNanos from then until the last sample ended
 */
public record GenerationStats(
    int promptTokens,
    int completionTokens,
    int cachedTokens,
    long queueNanos,
    long cacheNanos,
    long cacheBytes,
    long prefillNanos,
    long decodeNanos) {}
