package dev.ponder.common.wire;

/**
 * Where a request's time went, in milliseconds.
 *
 * @param cacheMillis waiting for KV blocks from the cache-service
 * @param cacheBytes KV bytes taken from the cache-service
 */
public record Timings(
    double queueMillis,
    double cacheMillis,
    long cacheBytes,
    double prefillMillis,
    double decodeMillis) {}
