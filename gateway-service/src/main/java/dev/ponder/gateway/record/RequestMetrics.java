package dev.ponder.gateway.record;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.springframework.stereotype.Component;

/**
 * Counts requests. Names follow OpenTelemetry's GenAI conventions where there are some; its bucket
 * limits are stretched, because a first token on a CPU may take more than ten seconds.
 */
@Component
class RequestMetrics {
  private static final Duration[] SECONDS = {
    Duration.ofMillis(10),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60),
    Duration.ofSeconds(300),
    Duration.ofSeconds(1_800)
  };

  private final MeterRegistry meters;

  RequestMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  void count(LedgerEntry entry) {
    RequestRecord request = entry.request();
    String error = entry.errorCode() == null ? "none" : entry.errorCode();
    // Strategies by their own name: the model behind the slash is the caller's free text.
    String model = request.strategy == null ? request.model : request.strategy;
    Tags tags =
        Tags.of(
            "gen_ai.operation.name",
            request.endpoint,
            "gen_ai.provider.name",
            "ponder",
            "gen_ai.request.model",
            model);
    meters
        .counter("ponder.gateway.requests", tags.and("status", entry.status(), "error.type", error))
        .increment();
    Timer.builder("gen_ai.server.request.duration")
        .tags(tags.and("error.type", error))
        .serviceLevelObjectives(SECONDS)
        .register(meters)
        .record(Duration.between(request.startedAt, entry.finishedAt()));
    Duration first = request.timeToFirstToken();
    if (first != null) {
      Timer.builder("gen_ai.server.time_to_first_token")
          .tags(tags)
          .serviceLevelObjectives(SECONDS)
          .register(meters)
          .record(first);
    }
    tokens(tags, "input", entry.usage().promptTokens());
    tokens(tags, "output", entry.usage().completionTokens());
  }

  private void tokens(Tags tags, String type, int count) {
    DistributionSummary.builder("gen_ai.client.token.usage")
        .tags(tags.and("gen_ai.token.type", type))
        .serviceLevelObjectives(1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144)
        .register(meters)
        .record(count);
  }
}
