package dev.ponder.gateway.key;

import dev.ponder.gateway.GatewayProperties;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;

/**
 * Puts the first keys into an empty table at start, after the migrations. A key already there is
 * never changed, so that a forgotten setting cannot bring a revoked key back.
 */
@Component
@DependsOnDatabaseInitialization
class BootstrapKeys implements InitializingBean {
  private static final Logger LOG = LoggerFactory.getLogger(BootstrapKeys.class);
  private static final int MIN_LENGTH = 20;

  private final GatewayProperties properties;
  private final KeyStore store;

  BootstrapKeys(GatewayProperties properties, KeyStore store) {
    this.properties = properties;
    this.store = store;
  }

  @Override
  public void afterPropertiesSet() {
    Map<String, KeySecret> keys = parse(properties.bootstrapKeys());
    // Blocking is right here: nothing is served before the keys are in.
    boolean empty = store.isEmpty().blockOptional().orElseThrow();
    if (empty && keys.isEmpty() && properties.auth()) {
      LOG.warn(
          "there is no API key: every request will be refused. Set ponder.gateway.bootstrap-keys"
              + " (PONDER_GATEWAY_BOOTSTRAP_KEYS) to <name>=<key> and start again");
      return;
    }
    Flux.fromIterable(keys.entrySet())
        .concatMap(entry ->
            store
                .insertIfNone(empty, entry.getKey(), entry.getValue())
                .filter(rows -> rows > 0)
                .doOnNext(
                    rows -> LOG.info("first key {} {}", entry.getKey(), entry.getValue().prefix())))
        .then()
        .block();
  }

  static Map<String, KeySecret> parse(Iterable<String> pairs) {
    Map<String, KeySecret> keys = new LinkedHashMap<>();
    for (String pair : pairs) {
      if (pair.isBlank()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = equals < 0 ? "" : pair.substring(0, equals).strip();
      String key = pair.substring(equals + 1).strip();
      if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
        // The pair itself is a secret, so it is not shown.
        throw new IllegalArgumentException(
            "ponder.gateway.bootstrap-keys: a pair without a valid name (expected: <name>=<key>,"
                + " name 1 to 64 of A-Z a-z 0-9 _ -)");
      }
      if (key.length() < MIN_LENGTH || key.length() > KeySecret.MAX_LENGTH) {
        throw new IllegalArgumentException(
            "ponder.gateway.bootstrap-keys: "
                + name
                + ": a key of "
                + key.length()
                + " characters (expected: "
                + MIN_LENGTH
                + " to "
                + KeySecret.MAX_LENGTH
                + ")");
      }
      keys.put(name, new KeySecret(key));
    }
    return keys;
  }
}
