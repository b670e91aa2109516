package dev.ponder.gateway.http;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.Ids;
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

/**
 * First of all filters: names the request, forgets what only services may say to each other, and
 * tells browsers to trust nothing but this origin.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 5)
class FrontDoorFilter implements WebFilter {
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final PathPattern INTERNAL =
      PathPatternParser.defaultInstance.parse("/internal/**");

  private final Ids ids;

  FrontDoorFilter(Ids ids) {
    this.ids = ids;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    String id = ids.request();
    exchange.getAttributes().put(RequestId.ATTRIBUTE, id);
    HttpHeaders answer = exchange.getResponse().getHeaders();
    answer.set("x-request-id", id);
    answer.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    answer.set("X-Content-Type-Options", "nosniff");
    answer.set("Referrer-Policy", "no-referrer");
    if (INTERNAL.matches(exchange.getRequest().getPath().pathWithinApplication())) {
      return Mono.error(new PonderException(ErrorCode.NOT_FOUND, "no such path"));
    }
    if (!exchange.getRequest().getHeaders().containsHeader(Caller.HEADER)) {
      return chain.filter(exchange);
    }
    return chain.filter(
        exchange
            .mutate()
            .request(request -> request.headers(headers -> headers.remove(Caller.HEADER)))
            .build());
  }
}
