package dev.ponder.cache;

import java.nio.ByteBuffer;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Values by key, each tenant's apart from all others'. A value is written whole or not at all; one
 * that is not used for the store's time to live is forgotten, and so are the least recently used
 * ones of a tenant above its quota.
 *
 * <p>Keys are lower-case hexadecimal digests and tenants are checked ids (see {@code Caller}): the
 * callers' business. Thread-safe. A failing backend is a {@code PonderException} with {@code
 * UPSTREAM_UNAVAILABLE}, soon.
 */
interface BlockStore {

  /**
   * Returns how many consecutive keys from the first on have a value, and counts the tenant's hits
   * and misses. Those found count as used now, so they outlive the read that follows.
   */
  Mono<Integer> lookup(String tenant, List<String> keys);

  /**
   * Returns the values of the keys in order, up to the first that is missing. At most {@link
   * #WINDOW} values are in memory at a time, however slow the subscriber is.
   */
  Flux<ByteBuffer> read(String tenant, List<String> keys);

  /**
   * Keeps a value, replacing an older one of that key.
   *
   * @param order among values used at the same time those of a higher order are forgotten first:
   *     the tail of a prefix is of no use without its head
   * @return false when the value is larger than the tenant's whole quota
   */
  Mono<Boolean> put(String tenant, String key, int order, ByteBuffer value);

  /** Forgets one value; false when there was none. */
  Mono<Boolean> delete(String tenant, String key);

  /** Forgets all of a tenant's values and counts; returns how many values there were. */
  Mono<Long> clear(String tenant);

  Mono<StoreStats> stats(String tenant);

  /** Values read ahead of the subscriber. */
  int WINDOW = 2;
}
