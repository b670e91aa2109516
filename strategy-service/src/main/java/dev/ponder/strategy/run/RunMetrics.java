package dev.ponder.strategy.run;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/** Counts runs and their calls. Thread-safe. */
@Component
final class RunMetrics {
  private final MeterRegistry registry;
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicInteger followers = new AtomicInteger();

  RunMetrics(MeterRegistry registry) {
    this.registry = registry;
    registry.gauge("ponder.runs.active", active);
    registry.gauge("ponder.runs.followers", followers);
  }

  void started(boolean resumed) {
    active.incrementAndGet();
    if (resumed) {
      registry.counter("ponder.runs.resumed").increment();
    }
  }

  void left() {
    active.decrementAndGet();
  }

  void followed() {
    followers.incrementAndGet();
  }

  void unfollowed() {
    followers.decrementAndGet();
  }

  void ended(String strategy, String status, Duration took) {
    Timer.builder("ponder.runs")
        .tag("strategy", strategy)
        .tag("status", status)
        .register(registry)
        .record(took);
  }

  /**
   * Counts a call.
   *
   * @param outcome {@code told}, {@code failed} or {@code cancelled}
   */
  void call(String strategy, String kind, String outcome, Duration took) {
    Timer.builder("ponder.run.calls")
        .tag("strategy", strategy)
        .tag("kind", kind)
        .tag("outcome", outcome)
        .register(registry)
        .record(took);
  }
}
