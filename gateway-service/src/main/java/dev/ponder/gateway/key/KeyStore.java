package dev.ponder.gateway.key;

import dev.ponder.gateway.Ids;
import io.r2dbc.spi.Readable;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Keys in PostgreSQL. Thread-safe. */
@Component
class KeyStore {
  private static final String COLUMNS =
      "id, name, tenant, role, prefix, created_at, last_used_at, revoked_at";

  private final DatabaseClient database;
  private final Clock clock;
  private final Ids ids;

  KeyStore(DatabaseClient database, Clock clock, Ids ids) {
    this.database = database;
    this.clock = clock;
    this.ids = ids;
  }

  /** A stored key's identity and hash. */
  record Found(Principal principal, Hash hash) {}

  /** A hash that compares in constant time. */
  static final class Hash {
    private final byte[] bytes;

    Hash(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    boolean matches(byte[] other) {
      return java.security.MessageDigest.isEqual(bytes, other);
    }
  }

  /** Finds a key that is not revoked, and notes that it was used. */
  Mono<Found> use(byte[] hash) {
    return database
        .sql(
            """
            update gateway.api_keys set last_used_at = :now
            where key_hash = :hash and revoked_at is null
            returning id, name, tenant, role, key_hash\
            """)
        .bind("now", clock.instant())
        .bind("hash", hash)
        .map(row ->
            new Found(
                new Principal(
                    get(row, "id", UUID.class),
                    get(row, "name", String.class),
                    get(row, "tenant", String.class),
                    get(row, "role", String.class).equals("admin")),
                new Hash(get(row, "key_hash", byte[].class))))
        .one();
  }

  Mono<ApiKey> insert(String name, String tenant, String role, KeySecret secret) {
    return database
        .sql(
            """
            insert into gateway.api_keys (id, name, tenant, role, prefix, key_hash, created_at)
            values (:id, :name, :tenant, :role, :prefix, :hash, :now)
            returning
            """
                + COLUMNS)
        .bind("id", ids.uuid7())
        .bind("name", name)
        .bind("tenant", tenant)
        .bind("role", role)
        .bind("prefix", secret.prefix())
        .bind("hash", secret.hash())
        .bind("now", clock.instant())
        .map(KeyStore::key)
        .one();
  }

  /** Inserts a first key, unless there is any key already or this one appears meanwhile. */
  Mono<Long> insertIfNone(boolean tableWasEmpty, String name, KeySecret secret) {
    return tableWasEmpty
        ? database
            .sql(
                """
                insert into gateway.api_keys (id, name, tenant, role, prefix, key_hash, created_at)
                values (:id, :name, :name, 'admin', :prefix, :hash, :now)
                on conflict (key_hash) do nothing\
                """)
            .bind("id", ids.uuid7())
            .bind("name", name)
            .bind("prefix", secret.prefix())
            .bind("hash", secret.hash())
            .bind("now", clock.instant())
            .fetch()
            .rowsUpdated()
        : Mono.just(0L);
  }

  Mono<Boolean> isEmpty() {
    return database
        .sql("select not exists (select 1 from gateway.api_keys) as empty")
        .map(row -> get(row, "empty", Boolean.class))
        .one();
  }

  /** Newest first, at most a thousand. */
  Flux<ApiKey> list() {
    return database
        .sql("select " + COLUMNS + " from gateway.api_keys order by created_at desc limit 1000")
        .map(KeyStore::key)
        .all();
  }

  Mono<ApiKey> find(UUID id) {
    return database
        .sql("select " + COLUMNS + " from gateway.api_keys where id = :id")
        .bind("id", id)
        .map(KeyStore::key)
        .one();
  }

  /** Revokes a key, unless it is the last administrator's; empty if nothing changed. */
  Mono<ApiKey> revoke(UUID id) {
    return database
        .sql(
            """
            update gateway.api_keys set revoked_at = :now
            where id = :id and revoked_at is null
              and (role <> 'admin' or exists (
                select 1 from gateway.api_keys other
                where other.id <> :id and other.role = 'admin' and other.revoked_at is null))
            returning
            """
                + COLUMNS)
        .bind("id", id)
        .bind("now", clock.instant())
        .map(KeyStore::key)
        .one();
  }

  private static ApiKey key(Readable row) {
    return new ApiKey(
        get(row, "id", UUID.class),
        "api_key",
        get(row, "name", String.class),
        get(row, "tenant", String.class),
        get(row, "role", String.class),
        get(row, "prefix", String.class),
        get(row, "created_at", Instant.class),
        row.get("last_used_at", Instant.class),
        row.get("revoked_at", Instant.class),
        null);
  }

  private static <T> T get(Readable row, String column, Class<T> type) {
    T value = row.get(column, type);
    if (value == null) {
      throw new IllegalStateException("column " + column + " is null");
    }
    return value;
  }
}
