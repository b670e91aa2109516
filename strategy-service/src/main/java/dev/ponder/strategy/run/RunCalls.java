package dev.ponder.strategy.run;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.strategy.algorithm.SearchState.Limit;
import dev.ponder.strategy.backend.Spent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The calls of one run: issues those wanted as far as the limits go, knows which are in flight and
 * aborts them. NOT thread-safe: owned by the run's loop.
 */
final class RunCalls {
  private final String strategy;
  private final RunLimits limits;
  private final RunBackend backend;
  private final RunJournal journal;
  private final RunMetrics metrics;
  private final Clock clock;
  private final Listener listener;
  private final Map<String, InFlight> inFlight = new LinkedHashMap<>();
  private final Set<String> asked = new HashSet<>();
  private final Map<String, Integer> attempts = new HashMap<>();
  private final PromptSizes promptSizes = new PromptSizes();

  RunCalls(
      String strategy,
      RunLimits limits,
      RunBackend backend,
      RunJournal journal,
      RunTools tools,
      Listener listener) {
    this.strategy = strategy;
    this.limits = limits;
    this.backend = backend;
    this.journal = journal;
    this.metrics = tools.metrics();
    this.clock = tools.clock();
    this.listener = listener;
  }

  /** The log says that this call was asked. */
  void replayAsked(String callId) {
    asked.add(callId);
  }

  /** The log says that this call was issued once more. */
  void replayIssued(String callId) {
    journal.countCall();
    attempts.merge(callId, 1, Integer::sum);
  }

  boolean noneInFlight() {
    return inFlight.isEmpty();
  }

  /** Returns the attempt at a call if it is in flight still. */
  @Nullable InFlight inFlight(String callId, int attempt) {
    InFlight flight = inFlight.get(callId);
    return flight == null || flight.attempt() != attempt ? null : flight;
  }

  /** Starts wanted calls; returns why it stopped early if a limit refused one. */
  @Nullable Limit issue(List<Call> wanted) {
    List<RunEvent> events = new ArrayList<>();
    List<Call> starting = new ArrayList<>();
    Map<String, Long> reservations = new HashMap<>();
    long reserved = inFlight.values().stream().mapToLong(InFlight::reserved).sum();
    Limit refusal = null;
    for (Call call : wanted) {
      if (inFlight.containsKey(call.id())) {
        continue;
      }
      if (inFlight.size() + starting.size() >= limits.parallelism()) {
        break;
      }
      long needed = needed(call);
      refusal = limits.refuses(journal.totals(), reserved, needed);
      if (refusal != null && measure(call)) {
        needed = needed(call);
        refusal = limits.refuses(journal.totals(), reserved, needed);
      }
      if (refusal != null) {
        break;
      }
      reserved += needed;
      reservations.put(call.id(), needed);
      journal.countCall();
      if (asked.add(call.id())) {
        events.add(journal.event("asked", call.id(), RunPayloads.question(call)));
      }
      int attempt = attempts.merge(call.id(), 1, Integer::sum);
      events.add(journal.event("issued", call.id(), Map.of("attempt", attempt)));
      starting.add(call);
    }
    if (!starting.isEmpty()) {
      journal.append(events, null);
      starting.forEach(call -> start(call, reservations.getOrDefault(call.id(), 0L)));
    }
    return refusal;
  }

  private long needed(Call call) {
    int prompt = promptSizes.atMost(call.messages());
    return switch (call) {
      case Call.Generate generate -> (long) prompt + generate.maxTokens();
      case Call.Score score ->
          (long) prompt + score.continuations().stream().mapToInt(String::length).sum();
    };
  }

  /** Finds a prompt's exact size when the bound does not fit; false when it cannot be found. */
  private boolean measure(Call call) {
    if (promptSizes.knows(call.messages())) {
      return false;
    }
    Integer tokens = backend.countTokens(call.messages());
    if (tokens == null) {
      return false;
    }
    promptSizes.learn(call.messages(), tokens);
    return true;
  }

  private void start(Call call, long reserved) {
    Spent spent = new Spent();
    int attempt = attempts.getOrDefault(call.id(), 1);
    Instant since = clock.instant();
    Disposable request =
        backend.call(call, spent, result -> listener.settled(call.id(), attempt, result));
    inFlight.put(call.id(), new InFlight(call, attempt, request, spent, since, reserved));
  }

  /** A call's result is in the log. */
  void settled(InFlight flight, Result result, Duration took) {
    inFlight.remove(flight.call().id());
    promptSizes.learn(flight.call().messages(), result.usage().promptTokens());
    metrics.call(
        strategy, flight.call().kind(), result instanceof Result.Failure ? "failed" : "told", took);
  }

  /** Aborts what is in flight and no longer wanted, and says so in the log. */
  void abortUnwanted(List<Call> wanted) {
    Set<String> ids = new HashSet<>();
    wanted.forEach(call -> ids.add(call.id()));
    List<RunEvent> events = new ArrayList<>();
    Iterator<InFlight> flights = inFlight.values().iterator();
    while (flights.hasNext()) {
      InFlight flight = flights.next();
      if (!ids.contains(flight.call().id())) {
        events.add(abort(flight, "no longer needed"));
        flights.remove();
      }
    }
    if (!events.isEmpty()) {
      journal.append(events, null);
    }
  }

  /** Aborts what is in flight; returns the events that say so, which are yet to be written. */
  List<RunEvent> abortAll(String reason) {
    List<RunEvent> events = new ArrayList<>();
    inFlight.values().forEach(flight -> events.add(abort(flight, reason)));
    inFlight.clear();
    return events;
  }

  private RunEvent abort(InFlight flight, String reason) {
    flight.request().dispose();
    Usage usage = flight.spent().usage();
    journal.charge(usage);
    metrics.call(
        strategy,
        flight.call().kind(),
        "cancelled",
        Duration.between(flight.since(), clock.instant()));
    return journal.event(
        "cancelled",
        flight.call().id(),
        Map.of("reason", reason, "usage", RunPayloads.usage(usage)));
  }

  /** Aborts what is in flight without a word to the log. */
  void dispose() {
    inFlight.values().forEach(each -> each.request().dispose());
  }

  /** Hears of a call's result, on any thread. */
  interface Listener {
    void settled(String callId, int attempt, Result result);
  }

  /**
   * A call whose result is awaited.
   *
   * @param reserved the most tokens it can take
   */
  record InFlight(
      Call call, int attempt, Disposable request, Spent spent, Instant since, long reserved) {}
}
