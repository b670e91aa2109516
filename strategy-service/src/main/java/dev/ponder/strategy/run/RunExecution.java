package dev.ponder.strategy.run;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.algorithm.Algorithm;
import dev.ponder.strategy.algorithm.Outcome;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.strategy.algorithm.SearchState;
import dev.ponder.strategy.algorithm.SearchState.Limit;
import dev.ponder.strategy.algorithm.Step;
import dev.ponder.strategy.algorithm.Step.Assessment;
import dev.ponder.strategy.backend.Backend;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.Lease;
import dev.ponder.strategy.log.LeaseLostException;
import dev.ponder.strategy.log.LeasedRun;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private final LeasedRun run;
  private final RunTools tools;
  private final Definition definition;
  private final Algorithm algorithm;
  private final RunJournal journal;
  private final RunCalls calls;
  private final BlockingQueue<Message> inbox = new LinkedBlockingQueue<>();
  private final Map<String, Assessment> assessed = new HashMap<>();
  private SearchState state;
  private Instant startedAt;
  private Instant renewAt;

  private sealed interface Message {
    record Settled(String callId, int attempt, Result result) implements Message {}

    record Cancel(String reason) implements Message {}

    record Leave() implements Message {}
  }

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
    this.journal = new RunJournal(run, tools);
    this.calls =
        new RunCalls(
            run.strategy(),
            RunLimits.of(definition.task().params()),
            new RunBackend(backend, run, definition, tools, trace),
            journal,
            tools,
            (callId, attempt, result) -> inbox.add(new Message.Settled(callId, attempt, result)));
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
      calls.dispose();
    }
  }

  /** Rebuilds from the log where the run stands. */
  private void replay() {
    journal.replay(this::replay);
    if (journal.isEmpty()) {
      journal.append(
          List.of(
              journal.event(
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
    String node = event.node();
    if (event.seq() == 1) {
      startedAt = event.at();
    }
    if (node == null) {
      return;
    }
    switch (event.type()) {
      case "asked" -> calls.replayAsked(node);
      case "issued" -> calls.replayIssued(node);
      case "told" ->
          state = state.tell(node, tools.json().convertValue(event.payload(), Result.class));
      case "charged", "cancelled" ->
          journal.charge(tools.json().convertValue(event.payload().get("usage"), Usage.class));
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
      calls.abortUnwanted(step.wanted());
      Limit refusal = calls.issue(step.wanted());
      if (calls.noneInFlight()) {
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
      if (journal.renew()) {
        cancelled("asked for by the client");
        return false;
      }
    }
    return true;
  }

  private void settle(Message.Settled settled) {
    RunCalls.InFlight flight = calls.inFlight(settled.callId(), settled.attempt());
    if (flight == null) {
      return; // cancelled while its result was on the way
    }
    Result result = settled.result();
    Duration took = Duration.between(flight.since(), tools.clock().instant());
    SearchState next = state.tell(settled.callId(), result);
    List<RunEvent> events = new ArrayList<>();
    Map<String, Object> payload = new LinkedHashMap<>(tools.json().convertValue(result, MAP));
    payload.put("millis", took.toMillis());
    events.add(journal.event("told", settled.callId(), payload));
    Map<String, Object> usage = RunPayloads.usage(result.usage());
    events.add(journal.event("charged", settled.callId(), Map.of("usage", usage)));
    for (Map.Entry<String, Assessment> each : algorithm.step(next).assessments().entrySet()) {
      Assessment assessment = each.getValue();
      boolean news = assessment.score() != null || assessment.key() != null;
      if (news && !assessment.equals(assessed.put(each.getKey(), assessment))) {
        events.add(journal.event("scored", each.getKey(), RunPayloads.scored(assessment)));
      }
    }
    journal.charge(result.usage());
    journal.append(events, null);
    state = next;
    calls.settled(flight, result, took);
  }

  private void cancelled(String reason) {
    List<RunEvent> events = calls.abortAll("the run was cancelled");
    Map<String, Object> usage = RunPayloads.usage(journal.totals().usage());
    events.add(journal.event("cancelled", null, Map.of("reason", reason, "usage", usage)));
    end(events, new Ending("cancelled", null, null, reason, null));
  }

  private void finish(Outcome outcome, Map<String, Assessment> assessments) {
    List<RunEvent> events = calls.abortAll("the answer is known");
    Map<String, Object> usage = RunPayloads.usage(journal.totals().usage());
    switch (outcome) {
      case Outcome.Answer answer -> {
        for (String candidate : assessments.keySet()) {
          if (!answer.kept().contains(candidate)) {
            events.add(
                journal.event("pruned", candidate, Map.of("reason", "another answer was chosen")));
          }
        }
        events.add(
            journal.event(
                "finished",
                null,
                Map.of(
                    "answer", answer.text(),
                    "finishReason", answer.finishReason(),
                    "why", answer.why(),
                    "chosen", answer.chosen(),
                    "usage", usage)));
        end(
            events,
            new Ending("finished", answer.text(), answer.finishReason(), answer.why(), null));
      }
      case Outcome.Failed failed -> {
        PonderException e = new PonderException(ErrorCode.ofCode(failed.code()), failed.message());
        Map<String, Object> payload =
            Map.of(
                "error", tools.json().convertValue(OpenAiError.of(e).error(), MAP), "usage", usage);
        events.add(journal.event("failed", null, payload));
        end(events, new Ending("failed", null, null, null, failed.message()));
      }
    }
  }

  private void end(List<RunEvent> events, Ending ending) {
    journal.append(events, ending);
    tools
        .metrics()
        .ended(
            run.strategy(), ending.status(), Duration.between(startedAt, tools.clock().instant()));
  }
}
