package dev.ponder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class GatewayPropertiesTest {
  private static GatewayProperties bind(Map<String, String> settings) {
    return new Binder(new MapConfigurationPropertySource(settings))
        .bindOrCreate("ponder.gateway", GatewayProperties.class);
  }

  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new GatewayProperties(
                true,
                List.of(),
                Duration.ofSeconds(10),
                DataSize.ofMegabytes(2),
                16_000_000,
                32,
                Duration.ofMinutes(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                10_000,
                Duration.ofSeconds(5)));
    assertThat(
            new Binder(new MapConfigurationPropertySource(Map.of()))
                .bindOrCreate("ponder", ServiceUrls.class))
        .isEqualTo(
            new ServiceUrls(
                new ServiceUrls.Model("http://127.0.0.1:8081"),
                new ServiceUrls.Strategy("http://127.0.0.1:8082")));
  }

  @Test
  void everyKeyIsMapped() {
    assertThat(
            bind(
                Map.ofEntries(
                    Map.entry("ponder.gateway.auth", "false"),
                    Map.entry("ponder.gateway.bootstrap-keys", "a=1,b=2"),
                    Map.entry("ponder.gateway.key-cache-ttl", "1s"),
                    Map.entry("ponder.gateway.max-body", "3KB"),
                    Map.entry("ponder.gateway.max-answer", "4000"),
                    Map.entry("ponder.gateway.max-concurrent-per-key", "5"),
                    Map.entry("ponder.gateway.max-duration", "6s"),
                    Map.entry("ponder.gateway.keep-alive", "7s"),
                    Map.entry("ponder.gateway.catalog-ttl", "8s"),
                    Map.entry("ponder.gateway.call-timeout", "9s"),
                    Map.entry("ponder.gateway.breaker-wait", "10s"),
                    Map.entry("ponder.gateway.max-pending-records", "11"),
                    Map.entry("ponder.gateway.drain", "12s"))))
        .isEqualTo(
            new GatewayProperties(
                false,
                List.of("a=1", "b=2"),
                Duration.ofSeconds(1),
                DataSize.ofKilobytes(3),
                4_000,
                5,
                Duration.ofSeconds(6),
                Duration.ofSeconds(7),
                Duration.ofSeconds(8),
                Duration.ofSeconds(9),
                Duration.ofSeconds(10),
                11,
                Duration.ofSeconds(12)));
  }

  @Test
  void badValuesAreRefusedByName() {
    for (Map.Entry<String, String> bad :
        Map.of(
                "max-body", "10B",
                "max-answer", "0",
                "max-concurrent-per-key", "0",
                "max-duration", "2h",
                "keep-alive", "0s",
                "catalog-ttl", "-1s",
                "call-timeout", "0s",
                "breaker-wait", "0s",
                "max-pending-records", "0",
                "drain", "-1s")
            .entrySet()) {
      assertThatThrownBy(() -> bind(Map.of("ponder.gateway." + bad.getKey(), bad.getValue())))
          .rootCause()
          .hasMessageStartingWith("ponder.gateway." + bad.getKey() + ": ")
          .hasMessageContaining("(expected: ");
    }
  }
}
