package dev.ponder.gateway.key;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.http.Bodies;
import java.security.SecureRandom;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Administrators make, see and revoke keys, of every tenant. Each change is in the audit log. */
@RestController
@RequestMapping("/v1/admin/keys")
class KeyAdmin {
  private final KeyStore store;
  private final Keys keys;
  private final AuditLog audit;
  private final Bodies bodies;
  private final TransactionalOperator transaction;
  private final SecureRandom random = new SecureRandom();

  KeyAdmin(
      KeyStore store, Keys keys, AuditLog audit, Bodies bodies, TransactionalOperator transaction) {
    this.store = store;
    this.keys = keys;
    this.audit = audit;
    this.bodies = bodies;
    this.transaction = transaction;
  }

  /** A list in OpenAI's shape. */
  record KeyList(String object, List<ApiKey> data) {}

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @ResponseStatus(HttpStatus.CREATED)
  Mono<ApiKey> create(ServerWebExchange exchange) {
    return asAdmin(
        exchange,
        () ->
            bodies
                .read(exchange)
                .map(NewKey::read)
                .flatMap(wanted -> {
                  KeySecret secret = KeySecret.random(random);
                  return store
                      .insert(wanted.name(), wanted.tenant(), wanted.role(), secret)
                      .flatMap(key ->
                          audit
                              .add(
                                  exchange,
                                  "key.create",
                                  key.id().toString(),
                                  key.role() + " of " + key.tenant() + ": " + key.name())
                              .thenReturn(withSecret(key, secret)))
                      .as(transaction::transactional);
                }));
  }

  @GetMapping
  Mono<KeyList> list(ServerWebExchange exchange) {
    return asAdmin(exchange, () -> store.list().collectList().map(all -> new KeyList("list", all)));
  }

  @DeleteMapping("/{id}")
  Mono<ApiKey> revoke(ServerWebExchange exchange, @PathVariable String id) {
    return asAdmin(
        exchange,
        () -> {
          UUID key = uuid(id);
          return store
              .revoke(key)
              .flatMap(revoked ->
                  audit
                      .add(exchange, "key.revoke", id, revoked.tenant() + ": " + revoked.name())
                      .thenReturn(revoked))
              .as(transaction::transactional)
              .doOnNext(revoked -> keys.forget(key))
              .switchIfEmpty(Mono.defer(() -> whyNot(key)));
        });
  }

  /** Nothing was revoked: there is no such key, it is revoked already, or it is the last one. */
  private Mono<ApiKey> whyNot(UUID id) {
    return store
        .find(id)
        .switchIfEmpty(Mono.error(() -> new PonderException(ErrorCode.NOT_FOUND, "no such key")))
        .flatMap(key ->
            key.revokedAt() != null
                ? Mono.just(key)
                : Mono.error(
                    new PonderException(
                        ErrorCode.CONFLICT,
                        "this is the last administrator's key: create another one first")));
  }

  private static <T> Mono<T> asAdmin(ServerWebExchange exchange, Supplier<Mono<T>> action) {
    if (!Principal.of(exchange).admin()) {
      return Mono.error(
          new PonderException(ErrorCode.FORBIDDEN, "this needs the key of an administrator"));
    }
    return Mono.defer(action).onErrorMap(DataAccessException.class, Keys::storeFailed);
  }

  private static UUID uuid(String id) {
    try {
      return UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw new PonderException(ErrorCode.NOT_FOUND, "no such key", e);
    }
  }

  private static ApiKey withSecret(ApiKey key, KeySecret secret) {
    return new ApiKey(
        key.id(),
        key.object(),
        key.name(),
        key.tenant(),
        key.role(),
        key.prefix(),
        key.createdAt(),
        key.lastUsedAt(),
        key.revokedAt(),
        secret.text());
  }
}
