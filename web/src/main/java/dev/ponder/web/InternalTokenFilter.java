package dev.ponder.web;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import java.time.Clock;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Lets a request to {@code /internal/**} through only with a valid {@link Caller#HEADER}, and
 * leaves the caller in the exchange. Other paths (probes, the gateway's public door) are not its
 * business.
 */
public final class InternalTokenFilter implements WebFilter {
  private final InternalTokens tokens;
  private final Clock clock;

  InternalTokenFilter(InternalTokens tokens, Clock clock) {
    this.tokens = tokens;
    this.clock = clock;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    if (!exchange.getRequest().getPath().pathWithinApplication().value().startsWith("/internal/")) {
      return chain.filter(exchange);
    }
    return Mono.fromCallable(() ->
            tokens.verify(
                exchange.getRequest().getHeaders().getFirst(Caller.HEADER), clock.millis()))
        .flatMap(caller -> {
          exchange.getAttributes().put(Callers.ATTRIBUTE, caller);
          return chain.filter(exchange);
        });
  }
}
