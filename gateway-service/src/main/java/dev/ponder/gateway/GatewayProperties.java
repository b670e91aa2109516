package dev.ponder.gateway;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The gateway's settings.
 *
 * @param auth false: no keys are asked for, everybody is the tenant {@code local} and an
 *     administrator; for play on one's own machine
 * @param bootstrapKeys {@code name=key} pairs that become administrators' keys, each of a tenant
 *     with its name, when there is no key at all yet
 * @param keyCacheTtl how long a verified key is believed without asking PostgreSQL; a revocation on
 *     another replica takes this long to be seen
 * @param maxBody largest request body
 * @param maxAnswer longest answer that is collected in memory, in characters; streams have no limit
 * @param maxConcurrentPerKey requests of one key at a time, on this replica
 * @param maxDuration longest a request may take
 * @param keepAlive how long a stream may be silent before a comment shows that it lives
 * @param catalogTtl how old the lists of models and strategies may be
 * @param callTimeout of calls to other services that do not stream
 * @param breakerWait how long a circuit breaker refuses before it tries again
 * @param maxPendingRecords ledger and log entries waiting to be written; beyond it they are dropped
 *     and counted
 * @param drain how long a stopping gateway waits for them
 */
@ConfigurationProperties("ponder.gateway")
public record GatewayProperties(
    @DefaultValue("true") boolean auth,
    @DefaultValue List<String> bootstrapKeys,
    @DefaultValue("10s") Duration keyCacheTtl,
    @DefaultValue("2MB") DataSize maxBody,
    @DefaultValue("16000000") long maxAnswer,
    @DefaultValue("32") int maxConcurrentPerKey,
    @DefaultValue("30m") Duration maxDuration,
    @DefaultValue("10s") Duration keepAlive,
    @DefaultValue("2s") Duration catalogTtl,
    @DefaultValue("10s") Duration callTimeout,
    @DefaultValue("5s") Duration breakerWait,
    @DefaultValue("10000") int maxPendingRecords,
    @DefaultValue("5s") Duration drain) {

  public GatewayProperties {
    check("max-body", maxBody, maxBody.toBytes() >= 1_024, "at least 1KB");
    check("max-answer", maxAnswer, maxAnswer >= 1_000, "at least 1000");
    check("max-concurrent-per-key", maxConcurrentPerKey, maxConcurrentPerKey >= 1, "at least 1");
    check("max-pending-records", maxPendingRecords, maxPendingRecords >= 1, "at least 1");
    check("key-cache-ttl", keyCacheTtl, !keyCacheTtl.isNegative(), "0s or more");
    // The token that carries the request between services lives an hour.
    check(
        "max-duration",
        maxDuration,
        isPositive(maxDuration) && maxDuration.compareTo(Duration.ofHours(1)) <= 0,
        "above 0s, at most 1h");
    check("keep-alive", keepAlive, isPositive(keepAlive), "above 0s");
    check("catalog-ttl", catalogTtl, isPositive(catalogTtl), "above 0s");
    check("call-timeout", callTimeout, isPositive(callTimeout), "above 0s");
    check("breaker-wait", breakerWait, isPositive(breakerWait), "above 0s");
    check("drain", drain, !drain.isNegative(), "0s or more");
  }

  private static boolean isPositive(Duration duration) {
    return duration.isPositive();
  }

  private static void check(String name, Object value, boolean good, String rule) {
    if (!good) {
      throw new IllegalArgumentException(
          "ponder.gateway." + name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
