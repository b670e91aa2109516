package dev.ponder.cache;

/**
 * What a tenant keeps in a store and what it got from it.
 *
 * @param blocks values kept
 * @param bytes their bytes together
 * @param quotaBytes bytes it may keep
 * @param hits keys found by lookups since the namespace began
 * @param misses keys not found
 */
record StoreStats(long blocks, long bytes, long quotaBytes, long hits, long misses) {}
