package dev.ponder.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class ModelPropertiesTest {

  private static ModelProperties bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bind("ponder.model", ModelProperties.class)
        .get();
  }

  @Test
  void defaults() {
    assertThat(bind(Map.of("ponder.model.dir", "/models")))
        .isEqualTo(
            new ModelProperties(
                Path.of("/models"),
                List.of(),
                0,
                "auto",
                0,
                "f16",
                DataSize.ofGigabytes(1),
                32,
                64,
                262_144,
                128,
                4,
                Duration.ofSeconds(60),
                Duration.ofSeconds(20),
                Duration.ofMillis(200),
                true,
                32_768));
  }

  @Test
  void everyKey() {
    Map<String, String> all =
        Map.ofEntries(
            Map.entry("ponder.model.dir", "/m"),
            Map.entry("ponder.model.load", "a, b,"),
            Map.entry("ponder.model.threads", "3"),
            Map.entry("ponder.model.kernels", "SCALAR"),
            Map.entry("ponder.model.activation-bits", "8"),
            Map.entry("ponder.model.kv", "INT8"),
            Map.entry("ponder.model.kv-bytes", "2MB"),
            Map.entry("ponder.model.max-sequences", "5"),
            Map.entry("ponder.model.max-queued", "6"),
            Map.entry("ponder.model.max-queued-tokens", "7"),
            Map.entry("ponder.model.prefill-chunk", "8"),
            Map.entry("ponder.model.max-loaded", "9"),
            Map.entry("ponder.model.load-wait", "10s"),
            Map.entry("ponder.model.drain", "11s"),
            Map.entry("ponder.model.cache-wait", "12ms"),
            Map.entry("ponder.model.warm-up", "false"),
            Map.entry("ponder.model.max-unread-events", "130"));
    assertThat(bind(all))
        .isEqualTo(
            new ModelProperties(
                Path.of("/m"),
                List.of("a", "b"),
                3,
                "scalar",
                8,
                "int8",
                DataSize.ofMegabytes(2),
                5,
                6,
                7,
                8,
                9,
                Duration.ofSeconds(10),
                Duration.ofSeconds(11),
                Duration.ofMillis(12),
                false,
                130));
  }

  @ParameterizedTest
  @CsvSource({
    "threads,-1",
    "threads,257",
    "kernels,magic",
    "activation-bits,4",
    "kv,int4",
    "kv-bytes,0B",
    "max-sequences,0",
    "max-queued,0",
    "max-queued-tokens,0",
    "prefill-chunk,0",
    "max-loaded,0",
    "load-wait,-1s",
    "drain,-1s",
    "cache-wait,-1s",
    "max-unread-events,1",
  })
  void refusesWhatCannotBe(String key, String value) {
    assertThatThrownBy(() -> bind(Map.of("ponder.model.dir", "/m", "ponder.model." + key, value)))
        .rootCause()
        .hasMessageContaining("ponder.model." + key)
        .hasMessageContaining("expected:");
  }
}
