package dev.ponder.model.kv;

import dev.ponder.common.error.PonderException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Function;

/** Stores over one cache-service: models share its connection, writer and circuit breaker. */
final class CacheServicePrefixStores implements PrefixStores, AutoCloseable {
  private final KvBlockTransport transport;
  private final Function<String, byte[]> tenantMacs;
  private final CircuitBreaker breaker;
  private final KvMetrics metrics;
  private final BlockWriter writer;
  private final TroubleLog log;
  private final Duration fetchTimeout;
  private final KvCacheProperties properties;

  /**
   * Makes the stores.
   *
   * @param tenantMacs a tenant's id to its MAC under the installation's secret
   * @param fetchTimeout how long a fetch may take; less than what the engine waits, so that a
   *     partial answer is still in time
   */
  CacheServicePrefixStores(
      KvBlockTransport transport,
      Function<String, byte[]> tenantMacs,
      MeterRegistry meters,
      Clock clock,
      Duration fetchTimeout,
      KvCacheProperties properties) {
    this.transport = transport;
    this.tenantMacs = tenantMacs;
    this.fetchTimeout = fetchTimeout;
    this.properties = properties;
    this.metrics = new KvMetrics(meters);
    this.log = new TroubleLog(clock);
    this.breaker =
        CircuitBreaker.of(
            "cache-service",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(16)
                .minimumNumberOfCalls(4)
                .failureRateThreshold(50)
                .waitDurationInOpenState(properties.openFor())
                .permittedNumberOfCallsInHalfOpenState(2)
                // A service that says no (too large, over quota) is there.
                .ignoreException(e -> e instanceof PonderException p && p.code().httpStatus() < 500)
                .build());
    this.writer =
        new BlockWriter(
            transport,
            breaker,
            metrics,
            log,
            properties.writeQueue().toBytes(),
            properties.writeTimeout());
  }

  @Override
  public ModelPrefixStore open() {
    return new CacheServicePrefixStore(
        transport, tenantMacs, writer, breaker, metrics, log, fetchTimeout, properties);
  }

  CircuitBreaker breaker() {
    return breaker;
  }

  /** Takes no more blocks and waits a bounded time until those there are have been written. */
  void drain() {
    writer.drain(properties.drain());
  }

  @Override
  public void close() {
    writer.close();
  }
}
