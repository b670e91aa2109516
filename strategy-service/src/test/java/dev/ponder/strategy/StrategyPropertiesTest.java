package dev.ponder.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.strategy.StrategyProperties.Endpoint;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class StrategyPropertiesTest {
  private static StrategyProperties bind(Map<String, String> values) {
    Map<String, String> prefixed = new HashMap<>();
    values.forEach((name, value) -> prefixed.put("ponder.strategy." + name, value));
    return new Binder(new MapConfigurationPropertySource(prefixed))
        .bindOrCreate("ponder.strategy", StrategyProperties.class);
  }

  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new StrategyProperties(
                "",
                "smollm2-135m-instruct",
                1024,
                64,
                Duration.ofSeconds(15),
                Duration.ofSeconds(5),
                Duration.ofMillis(500),
                Duration.ofMinutes(10),
                8,
                Map.of()));
  }

  @Test
  void everyProperty() {
    assertThat(
            bind(
                Map.ofEntries(
                    Map.entry("replica", "r1"),
                    Map.entry("default-model", "m"),
                    Map.entry("default-max-tokens", "5"),
                    Map.entry("max-runs", "6"),
                    Map.entry("lease", "7s"),
                    Map.entry("takeover-interval", "8s"),
                    Map.entry("poll-interval", "9ms"),
                    Map.entry("call-timeout", "10s"),
                    Map.entry("retry-attempts", "11"),
                    Map.entry("endpoints.big.base-url", "https://example.org/v1"),
                    Map.entry("endpoints.big.api-key", "k"),
                    Map.entry("endpoints.big.model", "big-1"),
                    Map.entry("endpoints.big.logprobs", "false"))))
        .isEqualTo(
            new StrategyProperties(
                "r1",
                "m",
                5,
                6,
                Duration.ofSeconds(7),
                Duration.ofSeconds(8),
                Duration.ofMillis(9),
                Duration.ofSeconds(10),
                11,
                Map.of("big", new Endpoint("https://example.org/v1", "k", "big-1", false))));
  }

  @ParameterizedTest
  @CsvSource({
    "max-runs,0",
    "default-max-tokens,0",
    "lease,0s",
    "lease,-1s",
    "retry-attempts,0",
    "endpoints.a.base-url,ftp://x/v1",
    "endpoints.a.base-url,http://user:pw@x/v1",
    "endpoints.a.base-url,nowhere"
  })
  void refusesWhatCannotWork(String name, String value) {
    assertThatThrownBy(() -> bind(Map.of(name, value)))
        .rootCause()
        .hasMessageContaining("ponder.strategy.")
        .hasMessageContaining("expected: ");
  }
}
