package dev.ponder.model.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class KvCachePropertiesTest {
  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new KvCacheProperties(
                "",
                DataSize.ofMegabytes(256),
                DataSize.ofMegabytes(64),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                256,
                Duration.ofSeconds(2)));
  }

  @Test
  void everyKeyIsMapped() {
    assertThat(
            bind(
                Map.of(
                    "ponder.cache.url", "http://cache:1",
                    "ponder.cache.max-fetch", "1MB",
                    "ponder.cache.write-queue", "2MB",
                    "ponder.cache.write-timeout", "3s",
                    "ponder.cache.drain", "7s",
                    "ponder.cache.immediate-tokens", "4",
                    "ponder.cache.open-for", "5s")))
        .isEqualTo(
            new KvCacheProperties(
                "http://cache:1",
                DataSize.ofMegabytes(1),
                DataSize.ofMegabytes(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(7),
                4,
                Duration.ofSeconds(5)));
  }

  @Test
  void whatIsNotPositiveStopsTheStart() {
    for (String name :
        new String[] {
          "max-fetch", "write-queue", "write-timeout", "drain", "immediate-tokens", "open-for"
        }) {
      assertThatThrownBy(() -> bind(Map.of("ponder.cache." + name, "0")))
          .rootCause()
          .hasMessageContaining("ponder.cache." + name)
          .hasMessageContaining("(expected: more than 0)");
    }
  }

  private static KvCacheProperties bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("ponder.cache", KvCacheProperties.class);
  }
}
