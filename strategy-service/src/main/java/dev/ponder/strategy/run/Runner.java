package dev.ponder.strategy.run;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.strategy.StrategyProperties;
import dev.ponder.strategy.algorithm.Algorithms;
import dev.ponder.strategy.backend.Backends;
import dev.ponder.strategy.backend.SafeRetry;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.strategy.log.RunLog;
import dev.ponder.strategy.log.Totals;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The runs this replica works on. It takes new ones, and at start and from then on regularly those
 * whose replica let its lease expire.
 *
 * <p>Thread-safe.
 */
@Component
public class Runner implements SmartLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
  private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(5);
  private static final int TAKEOVERS_AT_ONCE = 16;

  private final RunTools tools;
  private final Algorithms algorithms;
  private final Backends backends;
  private final String replica;
  private final Map<String, RunExecution> active = new ConcurrentHashMap<>();
  private volatile CountDownLatch stopped = new CountDownLatch(0);

  Runner(
      RunLog log,
      RunSignals signals,
      RunMetrics metrics,
      Algorithms algorithms,
      Backends backends,
      JsonMapper json,
      Clock clock,
      StrategyProperties settings) {
    this.tools =
        new RunTools(
            log, signals, metrics, new SafeRetry(settings.retryAttempts()), json, clock, settings);
    this.algorithms = algorithms;
    this.backends = backends;
    this.replica = settings.replica().isEmpty() ? UUID.randomUUID().toString() : settings.replica();
  }

  /**
   * Creates a run and starts it; if it exists already, makes sure that it is the same one.
   *
   * @return whether it is new; {@code not_found} when another tenant has a run of this id
   */
  Mono<Boolean> submit(Caller caller, Definition definition) {
    return Mono.deferContextual(context -> {
      if (!isRunning() || active.size() >= tools.settings().maxRuns()) {
        return tools
            .log()
            .view(caller.tenant(), definition.request().runId())
            .map(view -> false)
            .switchIfEmpty(
                Mono.error(() ->
                    PonderException.busy(
                        ErrorCode.QUEUE_FULL, "too many runs at a time", Duration.ofSeconds(1))));
      }
      long now = tools.clock().millis();
      long ownDeadline = now + RunLimits.seconds(definition.task().params()).toMillis();
      long deadline =
          caller.deadlineMillis() == 0
              ? ownDeadline
              : Math.min(ownDeadline, caller.deadlineMillis());
      return tools
          .log()
          .create(
              definition.request().runId(),
              caller.tenant(),
              definition.request().strategy(),
              definition.model(),
              tools.json().writeValueAsString(definition),
              Instant.ofEpochMilli(deadline),
              replica,
              tools.settings().lease())
          .map(run -> {
            begin(run, definition, traceOf(context), false);
            return true;
          })
          .switchIfEmpty(Mono.defer(() -> existing(caller, definition)));
    });
  }

  private Mono<Boolean> existing(Caller caller, Definition definition) {
    String id = definition.request().runId();
    return tools
        .log()
        .request(caller.tenant(), id)
        .switchIfEmpty(Mono.error(() -> new PonderException(ErrorCode.NOT_FOUND, "no such run")))
        .map(stored -> {
          Definition before = tools.json().readValue(stored, Definition.class);
          if (!definition.request().equals(before.request())) {
            throw new PonderException(
                ErrorCode.CONFLICT, "runId: " + id + " (expected: the request it was made for)");
          }
          return false;
        });
  }

  /** Cancels a run of this replica at once; false when it is not one of them. */
  boolean cancel(String runId, String reason) {
    RunExecution execution = active.get(runId);
    if (execution != null) {
      execution.cancel(reason);
    }
    return execution != null;
  }

  /** Takes over runs whose lease has expired; returns how many. Not for event loops: it waits. */
  int takeOver() {
    int room = Math.min(TAKEOVERS_AT_ONCE, tools.settings().maxRuns() - active.size());
    if (room <= 0) {
      return 0;
    }
    List<LeasedRun> runs =
        tools
            .log()
            .takeOver(replica, tools.settings().lease(), room)
            .collectList()
            .blockOptional()
            .orElse(List.of());
    for (LeasedRun run : runs) {
      LOG.info("{}: taking over in epoch {}", run.id(), run.lease().epoch());
      // One run that cannot be continued must not keep the others waiting.
      try {
        begin(run, read(run), Context.empty(), true);
      } catch (RuntimeException e) {
        LOG.error("{}: cannot be continued", run.id(), e);
        giveUp(run, "cannot be continued: " + e.getMessage());
      }
    }
    return runs.size();
  }

  private Definition read(LeasedRun run) {
    Definition definition = tools.json().readValue(run.request(), Definition.class);
    if (definition.request() == null || definition.task() == null) {
      throw new PonderException(ErrorCode.INTERNAL, "its request is not complete");
    }
    return definition;
  }

  private void begin(LeasedRun run, Definition definition, ContextView trace, boolean resumed) {
    RunExecution execution =
        new RunExecution(
            run,
            definition,
            algorithms.named(run.strategy()),
            backends.named(definition.request().endpoint()),
            tools,
            trace);
    RunExecution before = active.put(run.id(), execution);
    if (before != null) {
      before.leave(); // its lease expired under it; only the new epoch can write
    }
    tools.signals().open(run.id());
    tools.metrics().started(resumed);
    Thread.ofVirtual()
        .name(run.id())
        .start(() -> {
          try {
            execution.run();
          } catch (JacksonException e) {
            LOG.error("{}: its log cannot be read", run.id(), e);
            giveUp(run, "cannot be continued: its log cannot be read");
          } finally {
            tools.metrics().left();
            if (active.remove(run.id(), execution)) {
              tools.signals().close(run.id());
            }
          }
        });
  }

  /** Ends a run that this version cannot work on, such as one of a removed endpoint. */
  private void giveUp(LeasedRun run, String why) {
    PonderException e = new PonderException(ErrorCode.INTERNAL, why);
    tools
        .log()
        .lastSeq(run.id())
        .flatMap(last ->
            tools
                .log()
                .append(
                    run.lease(),
                    List.of(
                        new RunEvent(
                            run.id(),
                            last + 1,
                            "failed",
                            null,
                            tools.clock().instant().truncatedTo(ChronoUnit.MILLIS),
                            Map.of("error", OpenAiError.of(e).error()))),
                    Totals.ZERO,
                    new Ending("failed", null, null, null, why)))
        .doOnError(failure -> LOG.warn("{}: to be given up later", run.id(), failure))
        .onErrorComplete()
        .block();
  }

  /** Stops working without a word to the log, as if the process had been killed. */
  void kill() {
    stopped.countDown();
    active.values().forEach(RunExecution::leave);
  }

  @Override
  public void start() {
    CountDownLatch stop = new CountDownLatch(1);
    stopped = stop;
    Thread.ofVirtual()
        .name("takeover")
        .start(() -> {
          try {
            do {
              try {
                takeOver();
              } catch (RuntimeException e) {
                LOG.warn("cannot look for runs to take over: {}", e.toString());
              }
            } while (!stop.await(
                tools.settings().takeoverInterval().toMillis(), TimeUnit.MILLISECONDS));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Hands the runs over: what they have is in the log, and another replica may go on at once. */
  @Override
  public void stop() {
    stopped.countDown();
    List<RunExecution> leaving = List.copyOf(active.values());
    leaving.forEach(RunExecution::leave);
    for (RunExecution each : leaving) {
      try {
        tools.log().release(each.lease()).block(RELEASE_TIMEOUT);
      } catch (RuntimeException e) {
        LOG.warn("{}: its lease will expire by itself: {}", each.id(), e.toString());
      }
    }
  }

  @Override
  public boolean isRunning() {
    return stopped.getCount() > 0;
  }

  /** The highest: stops before the web server closes the streams of those who wait for the runs. */
  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }

  /** Keeps the observation alone: the rest of a request's context must not outlive the request. */
  private static ContextView traceOf(ContextView context) {
    String key = ObservationThreadLocalAccessor.KEY;
    return context.hasKey(key) ? Context.of(key, context.get(key)) : Context.empty();
  }
}
