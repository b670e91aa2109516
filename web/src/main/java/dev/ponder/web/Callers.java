package dev.ponder.web;

import dev.ponder.common.auth.Caller;
import org.springframework.web.server.ServerWebExchange;

/** Where a handler finds who is asking. */
public final class Callers {
  static final String ATTRIBUTE = Caller.class.getName();

  private Callers() {}

  /** Returns the caller of an {@code /internal/**} request. */
  public static Caller of(ServerWebExchange exchange) {
    Caller caller = exchange.getAttribute(ATTRIBUTE);
    if (caller == null) {
      throw new IllegalStateException("no caller: " + exchange.getRequest().getPath());
    }
    return caller;
  }
}
