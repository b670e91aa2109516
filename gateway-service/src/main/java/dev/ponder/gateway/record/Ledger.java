package dev.ponder.gateway.record;

import dev.ponder.common.wire.Usage;
import dev.ponder.gateway.SqlValues;
import java.util.UUID;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** The usage ledger in PostgreSQL: a request's row is written once, however often it is tried. */
@Component
class Ledger {
  private final DatabaseClient database;

  Ledger(DatabaseClient database) {
    this.database = database;
  }

  Mono<Void> add(LedgerEntry entry) {
    RequestRecord request = entry.request();
    Usage usage = entry.usage();
    return database
        .sql(
            """
            insert into gateway.usage_ledger (
              request_id, run_id, tenant, key_id, endpoint, model, strategy,
              prompt_tokens, completion_tokens, cached_tokens,
              status, error_code, started_at, finished_at)
            values (
              :request, :run, :tenant, :key, :endpoint, :model, :strategy,
              :prompt, :completion, :cached,
              :status, :error, :started, :finished)
            on conflict (request_id) do nothing\
            """)
        .bind("request", request.caller.requestId())
        .bind("run", request.runId)
        .bind("tenant", request.principal.tenant())
        .bind("key", SqlValues.orNull(request.principal.keyId(), UUID.class))
        .bind("endpoint", request.endpoint)
        .bind("model", request.model)
        .bind("strategy", SqlValues.orNull(request.strategy, String.class))
        .bind("prompt", (long) usage.promptTokens())
        .bind("completion", (long) usage.completionTokens())
        .bind("cached", (long) usage.cachedTokens())
        .bind("status", entry.status())
        .bind("error", SqlValues.orNull(entry.errorCode(), String.class))
        .bind("started", request.startedAt)
        .bind("finished", entry.finishedAt())
        .fetch()
        .rowsUpdated()
        .then();
  }
}
