package dev.ponder.strategy.run;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.algorithm.Algorithm;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Outcome;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.strategy.algorithm.SearchState;
import dev.ponder.strategy.algorithm.SearchState.Limit;
import dev.ponder.strategy.algorithm.Step;
import dev.ponder.strategy.algorithm.Step.Assessment;
import dev.ponder.strategy.backend.Backend;
import dev.ponder.strategy.backend.Spent;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.Lease;
import dev.ponder.strategy.log.LeaseLostException;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.strategy.log.Totals;
import dev.ponder.web.ErrorBodyHandler;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * One run in progress: a loop on a virtual thread of its own that takes one message at a time, so
 * the run's state has a single writer. What happens is written to the log first and acted on then;
 * when the log cannot be written, the loop just ends, and whoever takes the lease over continues
 * from the log.
 *
 * <p>{@link #cancel}, {@link #leave} may be called from any thread, all else belongs to the loop.
 */
final class RunExecution implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(RunExecution.class);
  private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(20);
  private static final int PAGE = 500;
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private final LeasedRun run;
  private final RunTools tools;
  private final Definition definition;
  private final Algorithm algorithm;
  private final Backend backend;
  private final Backend.Context context;
  private final RunLimits limits;
  private final ContextView trace;
  private final BlockingQueue<Message> inbox = new LinkedBlockingQueue<>();
  private final Map<String, InFlight> inFlight = new LinkedHashMap<>();
  private final Set<String> asked = new HashSet<>();
  private final Map<String, Integer> attempts = new HashMap<>();
  private final Map<String, Assessment> assessed = new HashMap<>();
  private final PromptSizes promptSizes = new PromptSizes();
  private SearchState state;
  private Totals totals = Totals.ZERO;
  private long seq;
  private Instant startedAt;
  private Instant renewAt;

  private sealed interface Message {
    record Settled(String callId, int attempt, Result result) implements Message {}

    record Cancel(String reason) implements Message {}

    record Leave() implements Message {}
  }

  private record InFlight(
      Call call, int attempt, Disposable request, Spent spent, Instant since, long reserved) {}

  RunExecution(
      LeasedRun run,
      Definition definition,
      Algorithm algorithm,
      Backend backend,
      RunTools tools,
      ContextView trace) {
    this.run = run;
    this.tools = tools;
    this.definition = definition;
    this.algorithm = algorithm;
    this.backend = backend;
    Instant deadline = run.deadline();
    this.context =
        new Backend.Context(
            new Caller(
                run.tenant(),
                definition.requestId(),
                deadline == null ? 0 : deadline.toEpochMilli()),
            definition.model(),
            run.id());
    this.limits = RunLimits.of(definition.task().params());
    this.trace = trace;
    this.state = SearchState.of(definition.task());
    this.startedAt = tools.clock().instant();
    this.renewAt = startedAt.plus(tools.settings().lease().dividedBy(3));
  }

  String id() {
    return run.id();
  }

  Lease lease() {
    return run.lease();
  }

  /** Ends the run: what is in flight is aborted, and it is over as {@code cancelled}. */
  void cancel(String reason) {
    inbox.add(new Message.Cancel(reason));
  }

  /** Ends this replica's work on the run and writes nothing more about it, as a crash would. */
  void leave() {
    inbox.add(new Message.Leave());
  }

  /**
   * Works until the run is over or no longer this replica's.
   *
   * @throws JacksonException when the log holds what this version cannot read
   */
  @Override
  public void run() {
    try {
      replay();
      work();
    } catch (LeaseLostException e) {
      LOG.info("{}; leaving it", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (JacksonException e) {
      throw e; // a log that cannot be read today cannot be read tomorrow
    } catch (RuntimeException e) {
      LOG.error("{}: broken off, to be continued from its log", run.id(), e);
    } finally {
      inFlight.values().forEach(each -> each.request().dispose());
    }
  }

  /** Rebuilds from the log where the run stands. */
  private void replay() {
    while (true) {
      List<RunEvent> page =
          await(tools.log().events(run.id(), seq, PAGE).collectList(), List.<RunEvent>of());
      page.forEach(this::replay);
      if (page.size() < PAGE) {
        break;
      }
    }
    if (seq == 0) {
      append(
          List.of(
              event(
                  "started",
                  null,
                  Map.of(
                      "strategy", run.strategy(),
                      "model", run.model(),
                      "params", definition.task().params(),
                      "seed", definition.task().seed()))),
          null);
    }
  }

  private void replay(RunEvent event) {
    seq = event.seq();
    String node = event.node();
    if (seq == 1) {
      startedAt = event.at();
    }
    if (node == null) {
      return;
    }
    switch (event.type()) {
      case "asked" -> asked.add(node);
      case "issued" -> {
        totals = totals.withCall();
        attempts.merge(node, 1, Integer::sum);
      }
      case "told" ->
          state = state.tell(node, tools.json().convertValue(event.payload(), Result.class));
      case "charged", "cancelled" ->
          totals =
              totals.with(tools.json().convertValue(event.payload().get("usage"), Usage.class));
      case "scored" ->
          assessed.put(node, tools.json().convertValue(event.payload(), Assessment.class));
      default -> {}
    }
  }

  private void work() throws InterruptedException {
    if (run.cancelRequested()) {
      cancelled("asked for by the client");
      return;
    }
    while (true) {
      Instant deadline = run.deadline();
      if (deadline != null && !tools.clock().instant().isBefore(deadline)) {
        state =
            state.close(new Limit(ErrorCode.DEADLINE_EXCEEDED.code(), "the deadline has passed"));
      }
      Step step;
      try {
        step = algorithm.step(state);
      } catch (RuntimeException | StackOverflowError e) {
        LOG.error("{}: {} failed", run.id(), run.strategy(), e);
        finish(new Outcome.Failed(ErrorCode.INTERNAL.code(), "internal error"), Map.of());
        return;
      }
      Outcome outcome = step.outcome();
      if (outcome != null) {
        finish(outcome, step.assessments());
        return;
      }
      abortUnwanted(step.wanted());
      Limit refusal = issue(step.wanted());
      if (inFlight.isEmpty()) {
        // Nothing runs and nothing may start: what is there has to do.
        state =
            state.close(
                refusal == null
                    ? new Limit(ErrorCode.INTERNAL.code(), "no call could be made")
                    : refusal);
        continue;
      }
      if (!receive()) {
        return;
      }
    }
  }

  /** Waits for a message and acts on it; false when there is nothing more to do. */
  private boolean receive() throws InterruptedException {
    Instant now = tools.clock().instant();
    Instant wake = renewAt;
    Instant deadline = run.deadline();
    if (deadline != null && deadline.isBefore(wake)) {
      wake = deadline;
    }
    Message message =
        inbox.poll(Math.max(1, now.until(wake, ChronoUnit.MILLIS)), TimeUnit.MILLISECONDS);
    switch (message) {
      case null -> {}
      case Message.Settled settled -> settle(settled);
      case Message.Cancel cancel -> {
        cancelled(cancel.reason());
        return false;
      }
      case Message.Leave leave -> {
        return false;
      }
    }
    if (!tools.clock().instant().isBefore(renewAt)) {
      renewAt = tools.clock().instant().plus(tools.settings().lease().dividedBy(3));
      if (await(tools.log().renew(run.lease(), tools.settings().lease()), false)) {
        cancelled("asked for by the client");
        return false;
      }
    }
    return true;
  }

  /** Starts wanted calls; returns why it stopped early if a limit refused one. */
  private @Nullable Limit issue(List<Call> wanted) {
    List<RunEvent> events = new ArrayList<>();
    List<Call> starting = new ArrayList<>();
    Map<String, Long> reservations = new HashMap<>();
    long reserved = inFlight.values().stream().mapToLong(InFlight::reserved).sum();
    Totals spent = totals;
    Limit refusal = null;
    for (Call call : wanted) {
      if (inFlight.containsKey(call.id())) {
        continue;
      }
      if (inFlight.size() + starting.size() >= limits.parallelism()) {
        break;
      }
      long needed = needed(call);
      refusal = limits.refuses(spent, reserved, needed);
      if (refusal != null && measure(call)) {
        needed = needed(call);
        refusal = limits.refuses(spent, reserved, needed);
      }
      if (refusal != null) {
        break;
      }
      reserved += needed;
      reservations.put(call.id(), needed);
      spent = spent.withCall();
      if (asked.add(call.id())) {
        events.add(event("asked", call.id(), question(call)));
      }
      int attempt = attempts.merge(call.id(), 1, Integer::sum);
      events.add(event("issued", call.id(), Map.of("attempt", attempt)));
      starting.add(call);
    }
    if (!starting.isEmpty()) {
      totals = spent;
      append(events, null);
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
    Integer tokens =
        backend
            .countTokens(call.messages(), context)
            .contextWrite(trace)
            .timeout(DATABASE_TIMEOUT)
            .onErrorResume(e -> Mono.empty())
            .block();
    if (tokens == null) {
      return false;
    }
    promptSizes.learn(call.messages(), tokens);
    return true;
  }

  private void start(Call call, long reserved) {
    Spent spent = new Spent();
    int attempt = attempts.getOrDefault(call.id(), 1);
    Instant since = tools.clock().instant();
    Disposable request =
        tools
            .retry()
            .around(backend.call(call, context, spent))
            .timeout(tools.settings().callTimeout())
            .onErrorResume(e -> Mono.just(failure(e, spent)))
            .contextWrite(trace)
            .subscribe(
                result -> inbox.add(new Message.Settled(call.id(), attempt, result)),
                e -> inbox.add(new Message.Settled(call.id(), attempt, failure(e, spent))));
    inFlight.put(call.id(), new InFlight(call, attempt, request, spent, since, reserved));
  }

  private static Result failure(Throwable e, Spent spent) {
    PonderException told =
        e instanceof TimeoutException
            ? new PonderException(ErrorCode.DEADLINE_EXCEEDED, "the call took too long")
            : ErrorBodyHandler.translate(e);
    if (told.code() == ErrorCode.INTERNAL) {
      // The other service's failure, or an unknown one: not this service's either way.
      boolean explained = e instanceof PonderException;
      if (!explained) {
        LOG.warn("a call failed in an unexpected way", e);
      }
      told =
          new PonderException(
              ErrorCode.UPSTREAM_FAILED,
              explained ? String.valueOf(told.getMessage()) : "the call failed");
    }
    return new Result.Failure(told.code().code(), String.valueOf(told.getMessage()), spent.usage());
  }

  private void settle(Message.Settled settled) {
    InFlight flight = inFlight.get(settled.callId());
    if (flight == null || flight.attempt() != settled.attempt()) {
      return; // cancelled while its result was on the way
    }
    Result result = settled.result();
    Duration took = Duration.between(flight.since(), tools.clock().instant());
    SearchState next = state.tell(settled.callId(), result);
    List<RunEvent> events = new ArrayList<>();
    Map<String, Object> payload = new LinkedHashMap<>(tools.json().convertValue(result, MAP));
    payload.put("millis", took.toMillis());
    events.add(event("told", settled.callId(), payload));
    events.add(event("charged", settled.callId(), Map.of("usage", usage(result.usage()))));
    for (Map.Entry<String, Assessment> each : algorithm.step(next).assessments().entrySet()) {
      Assessment assessment = each.getValue();
      boolean news = assessment.score() != null || assessment.key() != null;
      if (news && !assessment.equals(assessed.put(each.getKey(), assessment))) {
        events.add(event("scored", each.getKey(), scored(assessment)));
      }
    }
    inFlight.remove(settled.callId());
    totals = totals.with(result.usage());
    append(events, null);
    state = next;
    promptSizes.learn(flight.call().messages(), result.usage().promptTokens());
    tools
        .metrics()
        .call(
            run.strategy(),
            flight.call().kind(),
            result instanceof Result.Failure ? "failed" : "told",
            took);
  }

  private void abortUnwanted(List<Call> wanted) {
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
      append(events, null);
    }
  }

  private RunEvent abort(InFlight flight, String reason) {
    flight.request().dispose();
    Usage usage = flight.spent().usage();
    totals = totals.with(usage);
    tools
        .metrics()
        .call(
            run.strategy(),
            flight.call().kind(),
            "cancelled",
            Duration.between(flight.since(), tools.clock().instant()));
    return event("cancelled", flight.call().id(), Map.of("reason", reason, "usage", usage(usage)));
  }

  private List<RunEvent> abortAll(String reason) {
    List<RunEvent> events = new ArrayList<>();
    inFlight.values().forEach(flight -> events.add(abort(flight, reason)));
    inFlight.clear();
    return events;
  }

  private void cancelled(String reason) {
    List<RunEvent> events = abortAll("the run was cancelled");
    events.add(event("cancelled", null, Map.of("reason", reason, "usage", usage(totals.usage()))));
    end(events, new Ending("cancelled", null, null, reason, null));
  }

  private void finish(Outcome outcome, Map<String, Assessment> assessments) {
    List<RunEvent> events = abortAll("the answer is known");
    switch (outcome) {
      case Outcome.Answer answer -> {
        for (String candidate : assessments.keySet()) {
          if (!answer.kept().contains(candidate)) {
            events.add(event("pruned", candidate, Map.of("reason", "another answer was chosen")));
          }
        }
        events.add(
            event(
                "finished",
                null,
                Map.of(
                    "answer", answer.text(),
                    "finishReason", answer.finishReason(),
                    "why", answer.why(),
                    "chosen", answer.chosen(),
                    "usage", usage(totals.usage()))));
        end(
            events,
            new Ending("finished", answer.text(), answer.finishReason(), answer.why(), null));
      }
      case Outcome.Failed failed -> {
        PonderException e = new PonderException(ErrorCode.ofCode(failed.code()), failed.message());
        Map<String, Object> payload =
            Map.of(
                "error",
                tools.json().convertValue(OpenAiError.of(e).error(), MAP),
                "usage",
                usage(totals.usage()));
        events.add(event("failed", null, payload));
        end(events, new Ending("failed", null, null, null, failed.message()));
      }
    }
  }

  private void end(List<RunEvent> events, Ending ending) {
    append(events, ending);
    tools
        .metrics()
        .ended(
            run.strategy(), ending.status(), Duration.between(startedAt, tools.clock().instant()));
  }

  /** Numbers the events and writes them; they count as having happened only after this. */
  private void append(List<RunEvent> events, @Nullable Ending ending) {
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

  private RunEvent event(String type, @Nullable String node, Map<String, Object> payload) {
    Instant at = tools.clock().instant().truncatedTo(ChronoUnit.MILLIS);
    return new RunEvent(run.id(), 0, type, node, at, payload);
  }

  private Map<String, Object> question(Call call) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("kind", call.kind());
    String parent = call.parent();
    if (parent != null) {
      payload.put("parent", parent);
    }
    List<ChatMessage> messages = call.messages();
    String prompt = messages.isEmpty() ? "" : messages.getLast().content();
    payload.put("prompt", prompt.length() <= 240 ? prompt : prompt.substring(0, 237) + "...");
    if (call instanceof Call.Generate generate) {
      payload.put("maxTokens", generate.maxTokens());
      Long seed = generate.sampling().seed();
      if (seed != null) {
        payload.put("seed", seed);
      }
    }
    return payload;
  }

  private static Map<String, Object> scored(Assessment assessment) {
    Map<String, Object> payload = new LinkedHashMap<>();
    if (assessment.score() != null) {
      payload.put("score", assessment.score());
    }
    if (assessment.key() != null) {
      payload.put("key", assessment.key());
    }
    return payload;
  }

  private static Map<String, Object> usage(Usage usage) {
    return Map.of(
        "promptTokens", usage.promptTokens(),
        "completionTokens", usage.completionTokens(),
        "cachedTokens", usage.cachedTokens());
  }

  /** Waits on this virtual thread for the database; it never runs on an event loop. */
  private static <T> T await(Mono<T> answer, T otherwise) {
    T value = answer.block(DATABASE_TIMEOUT);
    return value == null ? otherwise : value;
  }
}
