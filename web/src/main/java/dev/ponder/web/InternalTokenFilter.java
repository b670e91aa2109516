package dev.ponder.web;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import java.time.Clock;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import reactor.core.publisher.Mono;

/**
 * Lets a request to {@code /internal/**} through only with a valid {@link Caller#HEADER}, and
 * leaves the caller in the exchange. Other paths (probes, the gateway's public door) are not its
 * business.
 */
public final class InternalTokenFilter implements WebFilter {
  /**
   * The handlers' own matcher, so that no spelling ({@code /%69nternal}, {@code /internal;x=1})
   * reaches a handler around the filter.
   */
  private static final PathPattern INTERNAL =
      PathPatternParser.defaultInstance.parse("/internal/**");

  private final InternalTokens tokens;
  private final Clock clock;

  InternalTokenFilter(InternalTokens tokens, Clock clock) {
    this.tokens = tokens;
    this.clock = clock;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    if (!INTERNAL.matches(exchange.getRequest().getPath().pathWithinApplication())) {
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
