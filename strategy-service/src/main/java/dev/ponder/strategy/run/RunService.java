package dev.ponder.strategy.run;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.DirectRun;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunPage;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunTree;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.strategy.algorithm.Algorithms;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.RunLog;
import dev.ponder.strategy.log.Totals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a caller can do with runs. Every method sees the caller's own tenant alone; a run of another
 * one does not exist for it.
 *
 * <p>Thread-safe.
 */
@Component
public class RunService {
  private static final Logger LOG = LoggerFactory.getLogger(RunService.class);
  private static final Set<String> ENDS = Set.of("finished", "failed", "cancelled");
  private static final Set<String> STATUSES = Set.of("running", "finished", "failed", "cancelled");
  private static final int MAX_PAGE = 100;
  private static final int MAX_TREE_EVENTS = 10_000;

  private final Algorithms algorithms;
  private final Admission admission;
  private final Runner runner;
  private final RunFollower follower;
  private final RunLog log;
  private final JsonMapper json;

  /** How many clients wait for each run; when the last one leaves, nobody wants it any more. */
  private final Map<String, Integer> waiting = new ConcurrentHashMap<>();

  RunService(
      Algorithms algorithms,
      Admission admission,
      Runner runner,
      RunFollower follower,
      RunLog log,
      JsonMapper json) {
    this.algorithms = algorithms;
    this.admission = admission;
    this.runner = runner;
    this.follower = follower;
    this.log = log;
    this.json = json;
  }

  /** Returns the strategies, each with its own parameters and those of every run. */
  public List<StrategyInfo> strategies() {
    return algorithms.list().stream()
        .map(each -> {
          Map<String, Object> params = new LinkedHashMap<>(each.params());
          params.putAll(RunLimits.PARAMETERS.defaults());
          return new StrategyInfo(each.name(), each.description(), params);
        })
        .toList();
  }

  /**
   * Starts a run, or joins the one of this id, and streams its events from the first to the last.
   *
   * @param detach the run goes on when its client leaves; otherwise it is cancelled
   */
  public Flux<RunEvent> run(Caller caller, RunRequest request, boolean detach) {
    return Flux.defer(() -> {
      Definition definition = admission.admit(caller, request);
      Flux<RunEvent> events =
          runner.submit(caller, definition).thenMany(follower.follow(request.runId(), 0));
      return detach ? events : awaited(caller.tenant(), request.runId(), events);
    });
  }

  private Flux<RunEvent> awaited(String tenant, String runId, Flux<RunEvent> events) {
    String key = tenant + "/" + runId;
    return Flux.defer(() -> {
      waiting.merge(key, 1, Integer::sum);
      return events.doFinally(signal -> {
        Integer left = waiting.computeIfPresent(key, (k, n) -> n == 1 ? null : n - 1);
        // At shutdown the streams break too, but the runs are to go on elsewhere.
        if (left == null && signal == SignalType.CANCEL && runner.isRunning()) {
          cancel(tenant, runId, "its client left")
              .subscribe(view -> {}, e -> LOG.warn("{}: could not be cancelled", runId, e));
        }
      });
    });
  }

  /** Returns the events after {@code after}, and those to come until the run's end. */
  public Flux<RunEvent> events(String tenant, String runId, long after) {
    if (after < 0) {
      return Flux.error(PonderException.invalid("after", after, "0 or more"));
    }
    return view(tenant, runId).thenMany(follower.follow(runId, after));
  }

  public Mono<RunView> view(String tenant, String runId) {
    return log.view(tenant, runId).switchIfEmpty(notFound());
  }

  public Mono<RunTree> tree(String tenant, String runId) {
    return view(tenant, runId)
        .flatMap(view ->
            log.events(runId, 0, MAX_TREE_EVENTS)
                .collectList()
                .map(events -> RunTrees.of(runId, view.status(), events)));
  }

  /** Cancels a run; one that is over stays as it is. */
  public Mono<RunView> cancel(String tenant, String runId) {
    return cancel(tenant, runId, "asked for by the client");
  }

  private Mono<RunView> cancel(String tenant, String runId, String reason) {
    return log.requestCancel(tenant, runId)
        .switchIfEmpty(notFound())
        .doOnNext(view -> runner.cancel(runId, reason));
  }

  public Mono<RunPage> list(
      String tenant, @Nullable Integer limit, @Nullable String after, @Nullable String status) {
    int page = limit == null ? 20 : limit;
    if (page < 1 || page > MAX_PAGE) {
      return Mono.error(PonderException.invalid("limit", limit, "1 to " + MAX_PAGE));
    }
    if (status != null && !STATUSES.contains(status)) {
      return Mono.error(
          PonderException.invalid("status", status, "running, finished, failed or cancelled"));
    }
    if (after != null) {
      Admission.runId(after);
    }
    return log.list(tenant, page + 1, after, status)
        .collectList()
        .map(runs ->
            new RunPage(
                "list",
                List.copyOf(runs.subList(0, Math.min(page, runs.size()))),
                runs.size() > page));
  }

  /** Records a request that used no strategy; repeating it changes nothing. */
  public Mono<RunView> record(Caller caller, DirectRun run) {
    check(run);
    Totals totals = new Totals(1, run.usage());
    Map<String, Object> payload =
        Map.of("finishReason", run.finishReason() == null ? "" : run.finishReason());
    List<RunEvent> events = new ArrayList<>();
    events.add(
        new RunEvent(
            run.runId(), 1, "started", null, run.startedAt(), Map.of("strategy", "direct")));
    events.add(new RunEvent(run.runId(), 2, run.status(), null, run.finishedAt(), payload));
    return log.record(
            run.runId(),
            caller.tenant(),
            "direct",
            run.model(),
            json.writeValueAsString(run),
            run.startedAt(),
            run.finishedAt(),
            totals,
            new Ending(run.status(), null, run.finishReason(), null, null),
            events)
        .then(Mono.defer(() -> view(caller.tenant(), run.runId())));
  }

  private static void check(DirectRun run) {
    Admission.runId(run.runId());
    Admission.model(run.model());
    if (run.finishReason() != null && !run.finishReason().matches("[A-Za-z0-9_ -]{0,64}")) {
      throw PonderException.invalid("finishReason", run.finishReason(), "up to 64 letters");
    }
    if (run.status() == null || !ENDS.contains(run.status())) {
      throw PonderException.invalid("status", run.status(), "finished, failed or cancelled");
    }
    if (run.usage() == null) {
      throw PonderException.missing("usage", "the tokens it took");
    }
    if (run.startedAt() == null || run.finishedAt() == null) {
      throw PonderException.missing("startedAt, finishedAt", "when it began and ended");
    }
  }

  private static <T> Mono<T> notFound() {
    return Mono.error(() -> new PonderException(ErrorCode.NOT_FOUND, "no such run"));
  }
}
