package dev.ponder.model.kv;

import dev.ponder.common.auth.InternalTokens;
import dev.ponder.web.DrainOnStop;
import dev.ponder.web.InternalClients;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;

/** The stores, when {@code ponder.cache.url} says where the cache-service is. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnExpression("!'${ponder.cache.url:}'.isBlank()")
@EnableConfigurationProperties(KvCacheProperties.class)
class KvCacheConfiguration {

  @Bean
  HttpKvBlockTransport kvBlockTransport(
      InternalClients clients, ReactorResourceFactory resources, KvCacheProperties properties) {
    return new HttpKvBlockTransport(clients, properties.url(), resources.getLoopResources());
  }

  @Bean
  CacheServicePrefixStores prefixStores(
      HttpKvBlockTransport transport,
      InternalTokens tokens,
      MeterRegistry meters,
      Clock clock,
      @Value("${ponder.model.cache-wait:200ms}") Duration engineWaits,
      KvCacheProperties properties) {
    CacheServicePrefixStores stores =
        new CacheServicePrefixStores(
            transport,
            tokens::tenantMac,
            meters,
            clock,
            engineWaits.multipliedBy(9).dividedBy(10),
            properties);
    Gauge.builder(
            "ponder.kv.circuit.open",
            stores,
            s -> s.breaker().getState() == CircuitBreaker.State.OPEN ? 1 : 0)
        .description("1 while the cache-service is left alone after it failed")
        .register(meters);
    return stores;
  }

  @Bean
  DrainOnStop drainBlocks(CacheServicePrefixStores stores) {
    return new DrainOnStop(stores::drain);
  }
}
