package dev.ponder.strategy.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunView;
import dev.ponder.strategy.ScriptedModel;
import dev.ponder.strategy.ServiceTest;
import dev.ponder.strategy.StrategyProperties;
import dev.ponder.strategy.algorithm.Algorithms;
import dev.ponder.strategy.algorithm.Seeds;
import dev.ponder.strategy.backend.Backends;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.LeaseLostException;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.strategy.log.RunLog;
import dev.ponder.strategy.log.Totals;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Replicas die and others continue: two runners on one database, the second one's clock ahead. */
class TakeoverTest extends ServiceTest {
  private static final Caller ACME = new Caller("acme", "req-1", 0);

  @Autowired private DatabaseClient db;
  @Autowired private JsonMapper json;
  @Autowired private Algorithms algorithms;
  @Autowired private Backends backends;
  @Autowired private Admission admission;
  @Autowired private StrategyProperties settings;

  /** A replica of its own, whose clock is ahead by some time. */
  private Runner replica(Duration ahead) {
    return replica(ahead, settings);
  }

  private Runner replica(Duration ahead, StrategyProperties settings) {
    Clock shifted = Clock.offset(clock, ahead);
    RunLog log = new RunLog(db, json, shifted);
    return new Runner(
        log,
        new RunSignals(),
        new RunMetrics(new SimpleMeterRegistry()),
        algorithms,
        backends,
        json,
        shifted,
        settings);
  }

  private Runner startedReplica() {
    Runner runner = replica(Duration.ZERO);
    runner.start();
    return runner;
  }

  /** Samples 0 and 1 are answered, 2 and 3 hang until {@code release}d. */
  private Set<Long> scriptTwoOfFour() {
    Set<Long> answered = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      answered.add(Seeds.of(1, "sample/" + i));
    }
    MODEL.on(
        "POST",
        ScriptedModel.GENERATE,
        call -> {
          Long seed = Objects.requireNonNull(ScriptedModel.request(call).sampling()).seed();
          return answered.contains(seed)
              ? ScriptedModel.completion("It is 42.", -1)
              : ScriptedModel.hanging();
        });
    return answered;
  }

  /** Begins a run of four samples and kills its replica when two of them are in the log. */
  private void dieMidway(Runner first, RunRequest request) {
    first.submit(ACME, admission.admit(ACME, request)).block(PATIENCE);
    http("acme")
        .get()
        .uri("/runs/" + request.runId() + "/events")
        .retrieve()
        .bodyToFlux(RunEvent.class)
        .filter(event -> event.type().equals("told"))
        .take(2)
        .blockLast(PATIENCE);
    untilCalls(request.runId(), 4);
    first.kill();
  }

  @Test
  void whatADeadReplicaHadIsNotPaidForAgain() {
    String id = newRunId();
    scriptTwoOfFour();
    int deserted = MODEL.deserted();
    dieMidway(startedReplica(), request(id, "best_of_n", Map.of("n", 4)));
    MODEL.untilDeserted(deserted + 2).block(PATIENCE);
    assertThat(view("acme", id).blockOptional().orElseThrow().status()).isEqualTo("running");
    long before = calls(ScriptedModel.GENERATE, id);
    assertThat(before).isEqualTo(4);

    ScriptedModel.answers(MODEL, request -> "It is 42.");
    assertThat(replica(Duration.ZERO).takeOver()).as("the lease has not expired").isZero();
    assertThat(replica(Duration.ofMinutes(10)).takeOver()).isEqualTo(1);

    RunView view = ended(id);
    assertThat(view.status()).isEqualTo("finished");
    assertThat(calls(ScriptedModel.GENERATE, id) - before)
        .as("only the two calls without an answer are made again")
        .isEqualTo(2);
    assertThat(view.calls()).isEqualTo(6);
    List<RunEvent> log = new RunLog(db, json, clock).events(id, 0, 1000).collectList().block();
    assertThat(log).isNotNull();
    for (int i = 0; i < log.size(); i++) {
      assertThat(log.get(i).seq()).isEqualTo(i + 1);
    }
    for (int i = 0; i < 4; i++) {
      String node = "sample/" + i;
      assertThat(of(log, "told").stream().filter(e -> node.equals(e.node()))).hasSize(1);
    }
    assertThat(of(log, "started")).hasSize(1);
  }

  /** The control: what saves the calls is the results in the log, nothing else. */
  @Test
  void withoutTheResultsInTheLogAllIsPaidForAgain() {
    String id = newRunId();
    scriptTwoOfFour();
    dieMidway(startedReplica(), request(id, "best_of_n", Map.of("n", 4)));
    long before = calls(ScriptedModel.GENERATE, id);
    db.sql("delete from strategy.run_events where run_id = :id").bind("id", id).then().block();
    ScriptedModel.answers(MODEL, request -> "It is 42.");
    assertThat(replica(Duration.ofMinutes(10)).takeOver()).isEqualTo(1);
    assertThat(ended(id).status()).isEqualTo("finished");
    assertThat(calls(ScriptedModel.GENERATE, id) - before).isEqualTo(4);
  }

  @Test
  void aReplicaThatStopsHandsItsRunsOverAtOnce() {
    String id = newRunId();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.hanging());
    Runner first = startedReplica();
    RunRequest request = request(id, "best_of_n", Map.of("n", 2));
    first.submit(ACME, admission.admit(ACME, request)).block(PATIENCE);
    untilCalls(id, 1);
    first.stop();
    ScriptedModel.answers(MODEL, asked -> "It is 42.");
    assertThat(replica(Duration.ofSeconds(1)).takeOver()).isEqualTo(1);
    assertThat(ended(id).status()).isEqualTo("finished");
    assertThat(first.submit(ACME, admission.admit(ACME, request)).block(PATIENCE))
        .as("a run that exists can be joined still")
        .isFalse();
    assertThatThrownBy(() ->
            first
                .submit(ACME, admission.admit(ACME, request(newRunId(), "best_of_n", Map.of())))
                .block(PATIENCE))
        .hasMessageContaining("too many runs");
  }

  @Test
  void theFormerHolderOfALeaseCannotAppend() {
    String id = newRunId();
    RunLog log = new RunLog(db, json, clock);
    Definition definition = admission.admit(ACME, request(id, "best_of_n", Map.of("n", 1)));
    LeasedRun old =
        log.create(
                id,
                "acme",
                "best_of_n",
                "m",
                json.writeValueAsString(definition),
                null,
                "old",
                Duration.ofMinutes(-1))
            .blockOptional()
            .orElseThrow();
    log.append(old.lease(), List.of(event(id, 1)), Totals.ZERO, null).block(PATIENCE);
    LeasedRun now =
        log.takeOver("new", Duration.ofMinutes(5), 100)
            .filter(run -> run.id().equals(id))
            .next()
            .blockOptional()
            .orElseThrow();
    assertThat(now.lease().epoch()).isEqualTo(old.lease().epoch() + 1);
    assertThatThrownBy(
            () -> log.append(old.lease(), List.of(event(id, 2)), Totals.ZERO, null).block(PATIENCE))
        .isInstanceOf(LeaseLostException.class);
    assertThatThrownBy(() -> log.renew(old.lease(), Duration.ofMinutes(5)).block(PATIENCE))
        .isInstanceOf(LeaseLostException.class);
    Ending ending = new Ending("cancelled", null, null, null, null);
    log.append(now.lease(), List.of(event(id, 2)), Totals.ZERO, ending).block(PATIENCE);
    assertThat(log.lastSeq(id).block()).isEqualTo(2);
    assertThatThrownBy(
            () -> log.append(now.lease(), List.of(event(id, 3)), Totals.ZERO, null).block(PATIENCE))
        .as("nothing follows the end")
        .isInstanceOf(LeaseLostException.class);
  }

  @Test
  void aCancellationAskedForWhileNobodyWorkedIsKept() {
    String id = newRunId();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.hanging());
    Runner first = startedReplica();
    first
        .submit(ACME, admission.admit(ACME, request(id, "best_of_n", Map.of("n", 2))))
        .block(PATIENCE);
    untilCalls(id, 1);
    first.kill();
    http("acme").post().uri("/runs/" + id + "/cancel").retrieve().bodyToMono(RunView.class).block();
    long before = calls(ScriptedModel.GENERATE, id);
    replica(Duration.ofMinutes(10)).takeOver();
    assertThat(ended(id).status()).isEqualTo("cancelled");
    assertThat(calls(ScriptedModel.GENERATE, id)).isEqualTo(before);
  }

  @Test
  void aReplicaKeepsItsLeaseAndHearsOfACancellationElsewhere() {
    String id = newRunId();
    MODEL.on("POST", ScriptedModel.GENERATE, call -> ScriptedModel.hanging());
    StrategyProperties brief =
        new StrategyProperties(
            "brief",
            settings.defaultModel(),
            64,
            8,
            Duration.ofMillis(900),
            Duration.ofHours(1),
            Duration.ofMillis(50),
            Duration.ofMinutes(1),
            1,
            Map.of());
    Runner other = replica(Duration.ZERO, brief);
    other.start();
    RunRequest request = request(id, "best_of_n", Map.of("n", 2));
    other.submit(ACME, admission.admit(ACME, request)).block(PATIENCE);
    Instant first = leaseUntil(id).blockOptional(PATIENCE).orElseThrow();
    Flux.interval(Duration.ofMillis(20))
        .onBackpressureDrop()
        .concatMap(tick -> leaseUntil(id))
        .takeUntil(until -> until.isAfter(first))
        .blockLast(PATIENCE);
    // Asked of the service under test, which does not work on this run.
    http("acme").post().uri("/runs/" + id + "/cancel").retrieve().bodyToMono(RunView.class).block();
    assertThat(ended(id).why()).isEqualTo("asked for by the client");
    other.kill();
  }

  private Mono<Instant> leaseUntil(String id) {
    return db.sql("select lease_until from strategy.runs where id = :id")
        .bind("id", id)
        .map(row -> Objects.requireNonNull(row.get("lease_until", Instant.class)))
        .one();
  }

  @Test
  void pastItsDeadlineARunGivesWhatItHas() {
    String id = newRunId();
    scriptTwoOfFour();
    RunRequest request = request(id, "best_of_n", Map.of("n", 4, "max_seconds", 60));
    dieMidway(startedReplica(), request);
    replica(Duration.ofMinutes(10)).takeOver();
    RunView view = ended(id);
    assertThat(view.status()).isEqualTo("finished");
    assertThat(view.why()).contains("of 2 answers", "deadline");
  }

  @Test
  void aRunThatNoLongerCanBeReadFailsOnce() {
    String id = newRunId();
    RunLog log = new RunLog(db, json, clock);
    log.create(id, "acme", "gone", "m", "{\"request\":7}", null, "old", Duration.ofMinutes(-1))
        .block(PATIENCE);
    replica(Duration.ZERO).takeOver();
    assertThat(ended(id).error()).contains("cannot be continued");
  }

  private static RunEvent event(String id, long seq) {
    return new RunEvent(
        id, seq, "asked", "sample/0", Instant.EPOCH.atOffset(ZoneOffset.UTC).toInstant(), Map.of());
  }
}
