package dev.ponder.gateway.key;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import reactor.core.publisher.Mono;

/** Lets nobody below {@code /v1} without a key; the playground's files and the probes are open. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 20)
class AuthenticationFilter implements WebFilter {
  /**
   * The handlers' own matcher, so that no spelling ({@code /%761}, {@code /v1;x=1}) reaches a
   * handler around the filter.
   */
  private static final PathPattern GUARDED = PathPatternParser.defaultInstance.parse("/v1/**");

  private final Keys keys;

  AuthenticationFilter(Keys keys) {
    this.keys = keys;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    if (!GUARDED.matches(exchange.getRequest().getPath().pathWithinApplication())) {
      return chain.filter(exchange);
    }
    return keys.authenticate(exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION))
        .flatMap(principal -> {
          principal.putInto(exchange);
          return chain.filter(exchange);
        });
  }
}
