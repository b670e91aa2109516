package dev.ponder.cache;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.resource.Delay;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;

/** Wires the stores to Redis, and Redis so that its absence is noticed at once. */
@Configuration(proxyBeanMethods = false)
class CacheConfiguration {
  /** A window of one large block, so that one stream is not slowed by acknowledgements. */
  private static final int HTTP2_WINDOW = 8 << 20;

  private static final int HTTP2_FRAME = 1 << 20;

  @Bean
  RedisGuard redisGuard(CacheProperties properties, MeterRegistry meters) {
    RedisGuard guard = new RedisGuard(properties.redisTimeout(), properties.openFor());
    Gauge.builder("ponder.cache.redis.circuit.open", guard, g -> g.open() ? 1 : 0)
        .description("1 while Redis is left alone after it failed")
        .register(meters);
    return guard;
  }

  @Bean
  BlockStore blocks(
      ReactiveRedisConnectionFactory connections,
      RedisGuard guard,
      Clock clock,
      CacheProperties properties) {
    return new RedisBlockStore(
        connections, guard, clock, "kv", properties.blockTtl(), properties.tenantBytes().toBytes());
  }

  @Bean
  BlockStore responses(
      ReactiveRedisConnectionFactory connections,
      RedisGuard guard,
      Clock clock,
      CacheProperties properties) {
    return new RedisBlockStore(
        connections,
        guard,
        clock,
        "response",
        properties.responseTtl(),
        properties.responseTenantBytes().toBytes());
  }

  /** A command without a connection fails now instead of waiting in a queue for one. */
  @Bean
  LettuceClientOptionsBuilderCustomizer rejectWhenDisconnected() {
    return options ->
        options.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS);
  }

  /** Lettuce's own delay grows to 30 s, which is how long hits would be lost after an outage. */
  @Bean
  ClientResourcesBuilderCustomizer reconnectSoon() {
    return resources ->
        resources.reconnectDelay(
            Delay.fullJitter(
                Duration.ofMillis(50),
                Duration.ofSeconds(1),
                50,
                java.util.concurrent.TimeUnit.MILLISECONDS));
  }

  @Bean
  NettyServerCustomizer http2Windows() {
    return server ->
        server.http2Settings(
            settings -> settings.initialWindowSize(HTTP2_WINDOW).maxFrameSize(HTTP2_FRAME));
  }
}
