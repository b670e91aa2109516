package dev.ponder.cache;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The cache-service's settings, {@code ponder.cache.*}.
 *
 * @param blockTtl a KV block not used for this long is forgotten
 * @param tenantBytes KV bytes one tenant may keep; above, its least recently used blocks go first
 * @param maxBlock a larger KV frame is refused
 * @param responseTtl a recorded response not used for this long is forgotten
 * @param responseTenantBytes bytes of recorded responses one tenant may keep
 * @param maxResponse a larger recorded response is refused
 * @param redisTimeout how long Redis may take for one command before the request goes on without it
 * @param openFor how long the circuit breaker leaves Redis alone after it failed
 */
@ConfigurationProperties("ponder.cache")
public record CacheProperties(
    @DefaultValue("24h") Duration blockTtl,
    @DefaultValue("4GB") DataSize tenantBytes,
    @DefaultValue("8MB") DataSize maxBlock,
    @DefaultValue("7d") Duration responseTtl,
    @DefaultValue("256MB") DataSize responseTenantBytes,
    @DefaultValue("1MB") DataSize maxResponse,
    @DefaultValue("1s") Duration redisTimeout,
    @DefaultValue("1s") Duration openFor) {

  public CacheProperties {
    positive("block-ttl", blockTtl);
    positive("response-ttl", responseTtl);
    positive("redis-timeout", redisTimeout);
    positive("open-for", openFor);
    positive("tenant-bytes", tenantBytes);
    positive("max-block", maxBlock);
    positive("response-tenant-bytes", responseTenantBytes);
    positive("max-response", maxResponse);
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "ponder.cache." + name + ": " + value + " (expected: more than 0)");
    }
  }

  private static void positive(String name, DataSize value) {
    if (value.toBytes() <= 0) {
      throw new IllegalArgumentException(
          "ponder.cache." + name + ": " + value + " (expected: more than 0)");
    }
  }
}
