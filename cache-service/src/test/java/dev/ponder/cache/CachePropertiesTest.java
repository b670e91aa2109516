package dev.ponder.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class CachePropertiesTest {
  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new CacheProperties(
                Duration.ofHours(24),
                DataSize.ofGigabytes(4),
                DataSize.ofMegabytes(8),
                Duration.ofDays(7),
                DataSize.ofMegabytes(256),
                DataSize.ofMegabytes(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1)));
  }

  @Test
  void everyKeyIsMapped() {
    assertThat(
            bind(
                Map.of(
                    "ponder.cache.block-ttl", "1h",
                    "ponder.cache.tenant-bytes", "1MB",
                    "ponder.cache.max-block", "2MB",
                    "ponder.cache.response-ttl", "2h",
                    "ponder.cache.response-tenant-bytes", "3MB",
                    "ponder.cache.max-response", "4KB",
                    "ponder.cache.redis-timeout", "5ms",
                    "ponder.cache.open-for", "6s")))
        .isEqualTo(
            new CacheProperties(
                Duration.ofHours(1),
                DataSize.ofMegabytes(1),
                DataSize.ofMegabytes(2),
                Duration.ofHours(2),
                DataSize.ofMegabytes(3),
                DataSize.ofKilobytes(4),
                Duration.ofMillis(5),
                Duration.ofSeconds(6)));
  }

  @Test
  void whatIsNotPositiveStopsTheStart() {
    for (String name :
        new String[] {
          "block-ttl", "response-ttl", "redis-timeout", "open-for", "tenant-bytes", "max-block"
        }) {
      assertThatThrownBy(() -> bind(Map.of("ponder.cache." + name, "0")))
          .rootCause()
          .hasMessageContaining("ponder.cache." + name)
          .hasMessageContaining("(expected: more than 0)");
    }
  }

  private static CacheProperties bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("ponder.cache", CacheProperties.class);
  }
}
