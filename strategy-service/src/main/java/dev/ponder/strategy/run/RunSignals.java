package dev.ponder.strategy.run;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Tells those who follow a run of this replica that its log has grown, so that they need not wait
 * for their next look at it. Only a hint: whoever misses one still sees the events.
 *
 * <p>Thread-safe.
 */
@Component
final class RunSignals {
  private final Map<String, Sinks.Many<Long>> runs = new ConcurrentHashMap<>();

  void open(String runId) {
    runs.computeIfAbsent(runId, id -> Sinks.many().replay().latest());
  }

  /** Called by the one thread that works on the run. */
  void appended(String runId, long seq) {
    Sinks.Many<Long> sink = runs.get(runId);
    if (sink != null) {
      sink.tryEmitNext(seq).isSuccess();
    }
  }

  void close(String runId) {
    Sinks.Many<Long> sink = runs.remove(runId);
    if (sink != null) {
      sink.tryEmitComplete().isSuccess();
    }
  }

  /**
   * Completes once the log may hold more than {@code seq}; never, if the run is not this replica's.
   */
  Mono<Long> beyond(String runId, long seq) {
    Sinks.Many<Long> sink = runs.get(runId);
    return sink == null ? Mono.never() : sink.asFlux().filter(last -> last > seq).next();
  }
}
