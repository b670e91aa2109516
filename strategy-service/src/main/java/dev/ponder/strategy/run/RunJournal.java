package dev.ponder.strategy.run;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.LeaseLostException;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.strategy.log.Totals;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The log of one run as its loop writes it: numbers the events, and keeps the totals that are
 * written with them. NOT thread-safe: owned by the run's loop, on whose virtual thread it waits for
 * the database; it never runs on an event loop.
 */
final class RunJournal {
  private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(20);
  private static final int PAGE = 500;

  private final LeasedRun run;
  private final RunTools tools;
  private Totals totals = Totals.ZERO;
  private long seq;

  RunJournal(LeasedRun run, RunTools tools) {
    this.run = run;
    this.tools = tools;
  }

  /** Reads on behind the last event known. */
  void replay(Consumer<RunEvent> each) {
    while (true) {
      List<RunEvent> page =
          await(tools.log().events(run.id(), seq, PAGE).collectList(), List.<RunEvent>of());
      for (RunEvent event : page) {
        seq = event.seq();
        each.accept(event);
      }
      if (page.size() < PAGE) {
        break;
      }
    }
  }

  boolean isEmpty() {
    return seq == 0;
  }

  /** What the run has spent, to be written with the next events. */
  Totals totals() {
    return totals;
  }

  void countCall() {
    totals = totals.withCall();
  }

  void charge(Usage usage) {
    totals = totals.with(usage);
  }

  /** Returns an event that happens now, without a number yet. */
  RunEvent event(String type, @Nullable String node, Map<String, Object> payload) {
    Instant at = tools.clock().instant().truncatedTo(ChronoUnit.MILLIS);
    return new RunEvent(run.id(), 0, type, node, at, payload);
  }

  /**
   * Numbers the events and writes them; they count as having happened only after this.
   *
   * @param ending null while the run goes on
   * @throws LeaseLostException when another replica works on the run
   */
  void append(List<RunEvent> events, @Nullable Ending ending) {
    List<RunEvent> numbered = new ArrayList<>(events.size());
    for (RunEvent each : events) {
      numbered.add(
          new RunEvent(
              each.runId(),
              seq + numbered.size() + 1,
              each.type(),
              each.node(),
              each.at(),
              each.payload()));
    }
    await(tools.log().append(run.lease(), numbered, totals, ending).thenReturn(true), true);
    seq += numbered.size();
    tools.signals().appended(run.id(), seq);
  }

  /**
   * Prolongs the lease; true when somebody asked for the run's cancellation.
   *
   * @throws LeaseLostException when another replica works on the run
   */
  boolean renew() {
    return await(tools.log().renew(run.lease(), tools.settings().lease()), false);
  }

  private static <T> T await(Mono<T> answer, T otherwise) {
    T value = answer.block(DATABASE_TIMEOUT);
    return value == null ? otherwise : value;
  }
}
