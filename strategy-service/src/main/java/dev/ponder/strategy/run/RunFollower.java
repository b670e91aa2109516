package dev.ponder.strategy.run;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.strategy.StrategyProperties;
import dev.ponder.strategy.log.RunLog;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Streams a run's log from any point to its end, whichever replica works on it. Events are read
 * from the database page by page as the consumer asks for them, so a slow one costs no memory;
 * signals and, failing those, a timer say when to look again.
 *
 * <p>Thread-safe.
 */
@Component
final class RunFollower {
  private static final int PAGE = 200;

  /** A chunk ends at the first white space after this many characters. */
  private static final int CHUNK_CHARS = 24;

  private final RunLog log;
  private final RunSignals signals;
  private final RunMetrics metrics;
  private final Clock clock;
  private final StrategyProperties settings;

  RunFollower(
      RunLog log,
      RunSignals signals,
      RunMetrics metrics,
      Clock clock,
      StrategyProperties settings) {
    this.log = log;
    this.signals = signals;
    this.metrics = metrics;
    this.clock = clock;
    this.settings = settings;
  }

  /** Returns the events after {@code after} until the run's last one. */
  Flux<RunEvent> follow(String runId, long after) {
    return Flux.defer(() -> {
      AtomicLong cursor = new AtomicLong(after);
      AtomicBoolean running = new AtomicBoolean();
      // The status is read before the page: an end that comes in between is seen next time.
      Flux<RunEvent> page =
          Flux.defer(() -> log.isRunning(runId))
              .doOnNext(running::set)
              .concatMap(any -> log.events(runId, cursor.get(), PAGE))
              .doOnNext(event -> cursor.set(event.seq()));
      return page.repeatWhen(counts ->
              counts
                  .takeWhile(count -> count == PAGE || running.get())
                  .concatMap(count -> count == PAGE ? Mono.just(0L) : growth(runId, cursor.get())))
          .takeUntil(RunFollower::isLast)
          .concatMap(this::withChunks)
          .doOnSubscribe(subscription -> metrics.followed())
          .doFinally(signal -> metrics.unfollowed());
    });
  }

  private Mono<Long> growth(String runId, long seq) {
    return Mono.firstWithValue(signals.beyond(runId, seq), Mono.delay(settings.pollInterval()));
  }

  static boolean isLast(RunEvent event) {
    return event.node() == null
        && switch (event.type()) {
          case "finished", "failed", "cancelled" -> true;
          default -> false;
        };
  }

  /** The answer's text comes in pieces before the event that ends the run. */
  private Flux<RunEvent> withChunks(RunEvent event) {
    if (!event.type().equals("finished")
        || !(event.payload().get("answer") instanceof String answer)) {
      return Flux.just(event);
    }
    List<RunEvent> events = new ArrayList<>();
    for (String piece : pieces(answer)) {
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      events.add(new RunEvent(event.runId(), 0, "chunk", null, now, Map.of("text", piece)));
    }
    events.add(event);
    return Flux.fromIterable(events);
  }

  /** Splits a text after white space; put together, the pieces are the text again. */
  static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (i + 1 - from >= CHUNK_CHARS && Character.isWhitespace(text.charAt(i))) {
        pieces.add(text.substring(from, i + 1));
        from = i + 1;
      }
    }
    if (from < text.length()) {
      pieces.add(text.substring(from));
    }
    return pieces;
  }
}
