package dev.ponder.gateway.key;

import dev.ponder.gateway.Ids;
import dev.ponder.gateway.SqlValues;
import dev.ponder.gateway.http.RequestId;
import java.time.Clock;
import java.util.UUID;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Writes down what administrators do. An action that cannot be written down fails. */
@Component
class AuditLog {
  private final DatabaseClient database;
  private final Clock clock;
  private final Ids ids;

  AuditLog(DatabaseClient database, Clock clock, Ids ids) {
    this.database = database;
    this.clock = clock;
    this.ids = ids;
  }

  Mono<Void> add(ServerWebExchange exchange, String action, String target, String detail) {
    Principal actor = Principal.of(exchange);
    return database
        .sql(
            """
            insert into gateway.audit_log (id, at, request_id, actor, key_id, action, target, detail)
            values (:id, :at, :request, :actor, :key, :action, :target, :detail)\
            """)
        .bind("id", ids.uuid7())
        .bind("at", clock.instant())
        .bind("request", RequestId.of(exchange))
        .bind("actor", actor.keyName())
        .bind("key", SqlValues.orNull(actor.keyId(), UUID.class))
        .bind("action", action)
        .bind("target", target)
        .bind("detail", detail)
        .fetch()
        .rowsUpdated()
        .then();
  }
}
