package dev.ponder.engine;

/**
 * A snapshot of the engine at work. Counters never fall.
 *
 * @param running sequences being prefilled or decoded
 * @param queued requests not yet scheduled
 * @param queuedTokens their prompt tokens
 * @param kvPagesTotal pages of the pool
 * @param kvPagesUsed pages that hold something, running sequences or cached prefixes
 * @param kvPagesCached pages that only the prefix index holds; given up when others need them
 * @param promptTokens prompt tokens of requests whose prefill is done
 * @param cachedTokens of those, tokens whose KV was found
 * @param generatedTokens tokens delivered
 * @param steps forward passes
 * @param rows rows of those passes
 * @param requests requests accepted
 * @param completed requests that ran to their end
 * @param failed requests that ended in an error
 * @param cancellations requests given up by their callers
 * @param rejected requests refused because the queue was full
 * @param preemptions sequences that lost their pages to an older one and were computed again
 * @param prefixQueries prompts looked up
 * @param prefixHits of those, prompts with at least one page found
 * @param fetchedPages pages taken from the {@link PrefixStore}
 * @param offeredPages pages handed to it
 * @param prefillTokensPerSecond measured, smoothed; 0 before the first prompt
 * @param decodeTokensPerSecond measured over all running sequences, smoothed; 0 before the first
 * @param stepMillisMedian over the last 256 steps
 * @param stepMillisP95 over the last 256 steps
 * @param stepMillisMax over the last 256 steps
 * @param retryAfterMillis how long a request that came now would wait, as far as the rates tell
 */
public record EngineStats(
    int running,
    int queued,
    long queuedTokens,
    int kvPagesTotal,
    int kvPagesUsed,
    int kvPagesCached,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    long steps,
    long rows,
    long requests,
    long completed,
    long failed,
    long cancellations,
    long rejected,
    long preemptions,
    long prefixQueries,
    long prefixHits,
    long fetchedPages,
    long offeredPages,
    double prefillTokensPerSecond,
    double decodeTokensPerSecond,
    double stepMillisMedian,
    double stepMillisP95,
    double stepMillisMax,
    long retryAfterMillis) {}
