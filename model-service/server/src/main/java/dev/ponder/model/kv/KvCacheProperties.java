package dev.ponder.model.kv;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How this service uses the cache-service, {@code ponder.cache.*}.
 *
 * @param url the cache-service's root; empty: none, prefixes stay in this process
 * @param maxFetch bytes of blocks taken for one prompt at most
 * @param writeQueue bytes of blocks that may wait to be written; above, new ones are dropped
 * @param writeTimeout how long writing one block may take
 * @param immediateTokens blocks of prompts of this many tokens are written when first computed;
 *     those of shorter ones when they are computed a second time
 * @param drain how long blocks that wait to be written have when this service stops
 * @param openFor how long the circuit breaker leaves the cache-service alone after it failed
 */
@ConfigurationProperties("ponder.cache")
record KvCacheProperties(
    @DefaultValue("") String url,
    @DefaultValue("256MB") DataSize maxFetch,
    @DefaultValue("64MB") DataSize writeQueue,
    @DefaultValue("5s") Duration writeTimeout,
    @DefaultValue("5s") Duration drain,
    @DefaultValue("256") int immediateTokens,
    @DefaultValue("2s") Duration openFor) {

  KvCacheProperties {
    check("max-fetch", maxFetch, maxFetch.toBytes() > 0);
    check("write-queue", writeQueue, writeQueue.toBytes() > 0);
    check("write-timeout", writeTimeout, writeTimeout.isPositive());
    check("drain", drain, drain.isPositive());
    check("immediate-tokens", immediateTokens, immediateTokens > 0);
    check("open-for", openFor, openFor.isPositive());
  }

  private static void check(String name, Object value, boolean valid) {
    if (!valid) {
      throw new IllegalArgumentException(
          "ponder.cache." + name + ": " + value + " (expected: more than 0)");
    }
  }
}
