package dev.ponder.strategy.log;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.Usage;
import io.r2dbc.spi.Readable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs and their events in PostgreSQL. Each method is one statement, hence atomic.
 *
 * <p>Lease times are this replica's clock; clocks that differ by more than a lease only cause
 * needless take-overs, never two writers, because every append checks the lease's epoch.
 *
 * <p>Thread-safe.
 */
@Component
public class RunLog {
  private static final TypeReference<Map<String, Object>> PAYLOAD = new TypeReference<>() {};
  private static final String VIEW =
      "select id, status, strategy, model, created_at, finished_at, calls, prompt_tokens,"
          + " completion_tokens, cached_tokens, answer, why, error from strategy.runs ";
  private static final String EXPIRED =
      "select id from strategy.runs where status = 'running' and lease_until < :now"
          + " order by lease_until limit :most for update skip locked";
  private static final String LEASED =
      " id, lease_owner, lease_epoch, tenant, strategy, model, request::text as request, deadline,"
          + " cancel_requested";

  private final DatabaseClient db;
  private final JsonMapper json;
  private final Clock clock;

  public RunLog(DatabaseClient db, JsonMapper json, Clock clock) {
    this.db = db;
    this.json = json;
    this.clock = clock;
  }

  /**
   * Creates a run and leases it to its creator.
   *
   * @return empty when a run of this id exists
   */
  public Mono<LeasedRun> create(
      String id,
      String tenant,
      String strategy,
      String model,
      String request,
      @Nullable Instant deadline,
      String owner,
      Duration lease) {
    Instant now = clock.instant();
    GenericExecuteSpec spec =
        db.sql(
                "insert into strategy.runs (id, tenant, strategy, model, status, request, deadline,"
                    + " created_at, lease_owner, lease_epoch, lease_until) values (:id, :tenant,"
                    + " :strategy, :model, 'running', :request::jsonb, :deadline, :now, :owner, 1,"
                    + " :until) on conflict (id) do nothing returning"
                    + LEASED)
            .bind("id", id)
            .bind("tenant", tenant)
            .bind("strategy", strategy)
            .bind("model", model)
            .bind("request", request)
            .bind("now", now)
            .bind("owner", owner)
            .bind("until", now.plus(lease));
    return optional(spec, "deadline", deadline, Instant.class).map(RunLog::leased).one();
  }

  /** Leases up to {@code most} running runs whose lease has expired to a new owner. */
  public Flux<LeasedRun> takeOver(String owner, Duration lease, int most) {
    Instant now = clock.instant();
    return db.sql(
            "update strategy.runs set lease_owner = :owner, lease_epoch = lease_epoch + 1,"
                + " lease_until = :until where id in ("
                + EXPIRED
                + ") returning"
                + LEASED)
        .bind("owner", owner)
        .bind("until", now.plus(lease))
        .bind("now", now)
        .bind("most", most)
        .map(RunLog::leased)
        .all();
  }

  /**
   * Prolongs a lease.
   *
   * @return whether somebody asked for the run's cancellation
   * @throws LeaseLostException (as a signal)
   */
  public Mono<Boolean> renew(Lease lease, Duration length) {
    return db.sql(
            "update strategy.runs set lease_until = :until where id = :id and lease_owner = :owner"
                + " and lease_epoch = :epoch and status = 'running' returning cancel_requested")
        .bind("until", clock.instant().plus(length))
        .bind("id", lease.runId())
        .bind("owner", lease.owner())
        .bind("epoch", lease.epoch())
        .map(row -> required(row, "cancel_requested", Boolean.class))
        .one()
        .switchIfEmpty(Mono.error(() -> new LeaseLostException(lease)));
  }

  /** Gives a lease back before its time, so that another replica may go on at once. */
  public Mono<Void> release(Lease lease) {
    return db.sql(
            "update strategy.runs set lease_until = :now where id = :id and lease_owner = :owner and"
                + " lease_epoch = :epoch and status = 'running'")
        .bind("now", clock.instant().minusMillis(1))
        .bind("id", lease.runId())
        .bind("owner", lease.owner())
        .bind("epoch", lease.epoch())
        .then();
  }

  /**
   * Appends events and, with them, the run's totals and perhaps its end. All or nothing: the row of
   * the run is locked by the update, so a lease cannot change hands in between.
   *
   * @param events numbered on from the run's last one
   * @param ending null while the run goes on
   * @throws LeaseLostException (as a signal)
   */
  public Mono<Void> append(
      Lease lease, List<RunEvent> events, Totals totals, @Nullable Ending ending) {
    GenericExecuteSpec spec =
        db.sql(
                "with held as (update strategy.runs set calls = :calls, prompt_tokens = :prompt,"
                    + " completion_tokens = :completion, cached_tokens = :cached, status ="
                    + " coalesce(:status, status), answer = :answer, finish_reason ="
                    + " :finish_reason, why = :why, error = :error, finished_at = :finished_at where"
                    + " id = :id and lease_owner = :owner and lease_epoch = :epoch and status ="
                    + " 'running' returning id) insert into strategy.run_events (run_id, seq, type,"
                    + " node, at, payload) select held.id, e.seq, e.type, nullif(e.node, ''), e.at,"
                    + " e.payload::jsonb from held, unnest(:seqs::bigint[], :types::text[],"
                    + " :nodes::text[], :ats::timestamptz[], :payloads::text[]) as e (seq, type,"
                    + " node, at, payload)")
            .bind("calls", totals.calls())
            .bind("prompt", totals.usage().promptTokens())
            .bind("completion", totals.usage().completionTokens())
            .bind("cached", totals.usage().cachedTokens())
            .bind("id", lease.runId())
            .bind("owner", lease.owner())
            .bind("epoch", lease.epoch())
            .bind("seqs", events.stream().map(RunEvent::seq).toArray(Long[]::new))
            .bind("types", events.stream().map(RunEvent::type).toArray(String[]::new))
            .bind("nodes", events.stream().map(RunLog::node).toArray(String[]::new))
            .bind("ats", events.stream().map(e -> e.at().toString()).toArray(String[]::new))
            .bind("payloads", events.stream().map(this::payload).toArray(String[]::new));
    spec = optional(spec, "status", ending == null ? null : ending.status(), String.class);
    spec = optional(spec, "answer", ending == null ? null : ending.answer(), String.class);
    spec =
        optional(
            spec, "finish_reason", ending == null ? null : ending.finishReason(), String.class);
    spec = optional(spec, "why", ending == null ? null : ending.why(), String.class);
    spec = optional(spec, "error", ending == null ? null : ending.error(), String.class);
    spec = optional(spec, "finished_at", ending == null ? null : clock.instant(), Instant.class);
    return spec.fetch()
        .rowsUpdated()
        .flatMap(rows ->
            rows == events.size() ? Mono.empty() : Mono.error(new LeaseLostException(lease)));
  }

  /**
   * Records a run that is over already.
   *
   * @return whether it is new
   */
  public Mono<Boolean> record(
      String id,
      String tenant,
      String strategy,
      String model,
      String request,
      Instant createdAt,
      Instant finishedAt,
      Totals totals,
      Ending ending,
      List<RunEvent> events) {
    GenericExecuteSpec spec =
        db.sql(
                "with made as (insert into strategy.runs (id, tenant, strategy, model, status,"
                    + " request, created_at, finished_at, lease_owner, lease_epoch, lease_until,"
                    + " calls, prompt_tokens, completion_tokens, cached_tokens, finish_reason) values"
                    + " (:id, :tenant, :strategy, :model, :status, :request::jsonb, :created,"
                    + " :finished, '', 0, :finished, :calls, :prompt, :completion, :cached,"
                    + " :finish_reason) on conflict (id) do nothing returning id) insert into"
                    + " strategy.run_events (run_id, seq, type, node, at, payload) select made.id,"
                    + " e.seq, e.type, null, e.at, e.payload::jsonb from made,"
                    + " unnest(:seqs::bigint[], :types::text[], :ats::timestamptz[],"
                    + " :payloads::text[]) as e (seq, type, at, payload)")
            .bind("id", id)
            .bind("tenant", tenant)
            .bind("strategy", strategy)
            .bind("model", model)
            .bind("status", ending.status())
            .bind("request", request)
            .bind("created", createdAt)
            .bind("finished", finishedAt)
            .bind("calls", totals.calls())
            .bind("prompt", totals.usage().promptTokens())
            .bind("completion", totals.usage().completionTokens())
            .bind("cached", totals.usage().cachedTokens())
            .bind("seqs", events.stream().map(RunEvent::seq).toArray(Long[]::new))
            .bind("types", events.stream().map(RunEvent::type).toArray(String[]::new))
            .bind("ats", events.stream().map(e -> e.at().toString()).toArray(String[]::new))
            .bind("payloads", events.stream().map(this::payload).toArray(String[]::new));
    return optional(spec, "finish_reason", ending.finishReason(), String.class)
        .fetch()
        .rowsUpdated()
        .map(rows -> rows > 0);
  }

  /** Asks whoever works on a run to cancel it; empty when the tenant has no such run. */
  public Mono<RunView> requestCancel(String tenant, String id) {
    return db.sql(
            "update strategy.runs set cancel_requested = true where id = :id and tenant = :tenant"
                + " and status = 'running'")
        .bind("id", id)
        .bind("tenant", tenant)
        .then()
        .then(view(tenant, id));
  }

  /** Returns the events after {@code after}, oldest first. The caller has checked the tenant. */
  public Flux<RunEvent> events(String runId, long after, int most) {
    return db.sql(
            "select run_id, seq, type, node, at, payload::text as payload from strategy.run_events"
                + " where run_id = :id and seq > :after order by seq limit :most")
        .bind("id", runId)
        .bind("after", after)
        .bind("most", most)
        .map(this::event)
        .all();
  }

  /** Returns the number of a run's last event, 0 before the first. */
  public Mono<Long> lastSeq(String runId) {
    return db.sql("select coalesce(max(seq), 0) as seq from strategy.run_events where run_id = :id")
        .bind("id", runId)
        .map(row -> required(row, "seq", Long.class))
        .one();
  }

  /** Returns whether a run goes on; empty when there is none. */
  public Mono<Boolean> isRunning(String runId) {
    return db.sql("select status = 'running' as running from strategy.runs where id = :id")
        .bind("id", runId)
        .map(row -> required(row, "running", Boolean.class))
        .one();
  }

  /** Returns a tenant's run; empty when it has none of this id. */
  public Mono<RunView> view(String tenant, String id) {
    return db.sql(VIEW + "where id = :id and tenant = :tenant")
        .bind("id", id)
        .bind("tenant", tenant)
        .map(RunLog::view)
        .one();
  }

  /** Returns the definition a run was created with; empty when the tenant has no such run. */
  public Mono<String> request(String tenant, String id) {
    return db.sql(
            "select request::text as request from strategy.runs where id = :id and tenant = :tenant")
        .bind("id", id)
        .bind("tenant", tenant)
        .map(row -> required(row, "request", String.class))
        .one();
  }

  /**
   * Returns a tenant's runs, newest first.
   *
   * @param after the last id of the page before; null: from the newest
   * @param status only runs in this status; null: all
   */
  public Flux<RunView> list(
      String tenant, int most, @Nullable String after, @Nullable String status) {
    GenericExecuteSpec spec =
        db.sql(
                VIEW
                    + "where tenant = :tenant and (:status::text is null or status = :status) and"
                    + " (:after::text is null or (created_at, id) < (select created_at, id from"
                    + " strategy.runs where id = :after and tenant = :tenant)) order by created_at"
                    + " desc, id desc limit :most")
            .bind("tenant", tenant)
            .bind("most", most);
    spec = optional(spec, "after", after, String.class);
    return optional(spec, "status", status, String.class).map(RunLog::view).all();
  }

  private static String node(RunEvent event) {
    return event.node() == null ? "" : event.node();
  }

  /** PostgreSQL's jsonb cannot hold U+0000; a model that emits one loses it. */
  private String payload(RunEvent event) {
    return json.writeValueAsString(event.payload()).replace("\\u0000", "\\ufffd");
  }

  private RunEvent event(Readable row) {
    return new RunEvent(
        required(row, "run_id", String.class),
        required(row, "seq", Long.class),
        required(row, "type", String.class),
        row.get("node", String.class),
        required(row, "at", Instant.class),
        json.readValue(required(row, "payload", String.class), PAYLOAD));
  }

  private static LeasedRun leased(Readable row) {
    return new LeasedRun(
        new Lease(
            required(row, "id", String.class),
            required(row, "lease_owner", String.class),
            required(row, "lease_epoch", Long.class)),
        required(row, "tenant", String.class),
        required(row, "strategy", String.class),
        required(row, "model", String.class),
        required(row, "request", String.class),
        row.get("deadline", Instant.class),
        required(row, "cancel_requested", Boolean.class));
  }

  private static RunView view(Readable row) {
    return new RunView(
        required(row, "id", String.class),
        "run",
        required(row, "status", String.class),
        required(row, "strategy", String.class),
        required(row, "model", String.class),
        required(row, "created_at", Instant.class),
        row.get("finished_at", Instant.class),
        required(row, "calls", Integer.class),
        new Usage(
            required(row, "prompt_tokens", Integer.class),
            required(row, "completion_tokens", Integer.class),
            required(row, "cached_tokens", Integer.class)),
        row.get("answer", String.class),
        row.get("why", String.class),
        row.get("error", String.class));
  }

  private static <T> T required(Readable row, String column, Class<T> type) {
    T value = row.get(column, type);
    if (value == null) {
      throw new IllegalStateException(column + ": null (expected: a " + type.getSimpleName() + ")");
    }
    return value;
  }

  private static <T> GenericExecuteSpec optional(
      GenericExecuteSpec spec, String name, @Nullable T value, Class<T> type) {
    return value == null ? spec.bindNull(name, type) : spec.bind(name, value);
  }
}
