package dev.ponder.gateway.key;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.server.ServerWebExchange;

/**
 * Who an API key says it is.
 *
 * @param keyId null when keys are switched off
 * @param keyName for the audit log
 */
public record Principal(@Nullable UUID keyId, String keyName, String tenant, boolean admin) {
  /** Everybody, when keys are switched off. */
  static final Principal LOCAL = new Principal(null, "local", "local", true);

  private static final String ATTRIBUTE = Principal.class.getName();

  /** Returns who made a request below {@code /v1}. */
  public static Principal of(ServerWebExchange exchange) {
    Principal principal = exchange.getAttribute(ATTRIBUTE);
    if (principal == null) {
      throw new IllegalStateException("not authenticated: " + exchange.getRequest().getPath());
    }
    return principal;
  }

  void putInto(ServerWebExchange exchange) {
    exchange.getAttributes().put(ATTRIBUTE, this);
  }

  /** What limits are counted by. */
  public String limitKey() {
    return keyId == null ? tenant : keyId.toString();
  }
}
