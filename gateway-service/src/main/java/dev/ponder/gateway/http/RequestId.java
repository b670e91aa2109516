package dev.ponder.gateway.http;

import org.springframework.web.server.ServerWebExchange;

/** Where a handler finds the id of the request it works on. */
public final class RequestId {
  static final String ATTRIBUTE = RequestId.class.getName();

  private RequestId() {}

  public static String of(ServerWebExchange exchange) {
    String id = exchange.getAttribute(ATTRIBUTE);
    if (id == null) {
      throw new IllegalStateException("no request id: " + exchange.getRequest().getPath());
    }
    return id;
  }
}
