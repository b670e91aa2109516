package dev.ponder.gateway.key;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Tells whose a key is. Thread-safe. */
@Component
class Keys {
  private final GatewayProperties properties;
  private final KeyStore store;
  private final KeyCache cache;

  Keys(GatewayProperties properties, KeyStore store, Clock clock) {
    this.properties = properties;
    this.store = store;
    this.cache = new KeyCache(clock, properties.keyCacheTtl());
  }

  /**
   * Returns who sent an {@code Authorization} header.
   *
   * @throws PonderException as error signal, with {@link ErrorCode#INVALID_API_KEY}
   */
  Mono<Principal> authenticate(@Nullable String authorization) {
    if (!properties.auth()) {
      return Mono.just(Principal.LOCAL);
    }
    if (authorization == null) {
      return Mono.error(refused("missing (expected: Authorization: Bearer <key>)"));
    }
    if (!authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return Mono.error(refused("of another scheme (expected: Authorization: Bearer <key>)"));
    }
    KeySecret secret = new KeySecret(authorization.substring(7).strip());
    if (secret.text().isEmpty() || secret.text().length() > KeySecret.MAX_LENGTH) {
      return Mono.error(refused("not valid"));
    }
    byte[] hash = secret.hash();
    Principal known = cache.get(hash);
    if (known != null) {
      return Mono.just(known);
    }
    return store
        .use(hash)
        .filter(found -> found.hash().matches(hash))
        .map(KeyStore.Found::principal)
        .doOnNext(principal -> cache.put(hash, principal))
        .switchIfEmpty(Mono.error(() -> refused("not valid")))
        .onErrorMap(DataAccessException.class, Keys::storeFailed);
  }

  void forget(UUID keyId) {
    cache.forget(keyId);
  }

  static PonderException storeFailed(Throwable cause) {
    return new PonderException(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "the key store is not available",
        null,
        Duration.ofSeconds(1),
        cause);
  }

  private static PonderException refused(String why) {
    return new PonderException(ErrorCode.INVALID_API_KEY, "API key: " + why);
  }
}
