package dev.ponder.web;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFilterFunction;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Mono;

/**
 * Makes the clients with which services call each other: traced, with failures turned back into
 * {@link PonderException} of the same code. Every call must carry {@link #as}.
 */
@Component
public class InternalClients {
  private final WebClient.Builder builder;
  private final InternalTokens tokens;
  private final Clock clock;

  InternalClients(WebClient.Builder builder, InternalTokens tokens, Clock clock) {
    this.builder = builder;
    this.tokens = tokens;
    this.clock = clock;
  }

  /**
   * Returns a client of one service.
   *
   * @param baseUrl the service's root, such as {@code http://127.0.0.1:8081}
   * @param service its name in error messages
   */
  public WebClient to(String baseUrl, String service) {
    return builder
        .clone()
        .baseUrl(baseUrl)
        .filter(ExchangeFilterFunction.ofResponseProcessor(r -> failed(r, service)))
        .filter((request, next) -> next.exchange(request).onErrorMap(e -> unreachable(e, service)))
        .build();
  }

  /** The header that says on whose behalf a call is made. */
  public Consumer<HttpHeaders> as(Caller caller) {
    return headers -> headers.set(Caller.HEADER, tokens.sign(caller, clock.millis()));
  }

  private static Mono<ClientResponse> failed(ClientResponse response, String service) {
    if (!response.statusCode().isError()) {
      return Mono.just(response);
    }
    String retryAfter = response.headers().asHttpHeaders().getFirst("Retry-After");
    PonderException plain =
        new PonderException(
            ErrorCode.UPSTREAM_FAILED, service + ": answered " + response.statusCode().value());
    return response
        .bodyToMono(OpenAiError.class)
        .map(OpenAiError::toException)
        .onErrorResume(e -> !(e instanceof PonderException), e -> Mono.just(plain))
        .defaultIfEmpty(plain)
        .flatMap(e -> Mono.error(withRetryAfter(e, retryAfter)));
  }

  private static PonderException withRetryAfter(PonderException e, @Nullable String seconds) {
    if (seconds == null || !seconds.matches("[0-9]{1,6}")) {
      return e;
    }
    return new PonderException(
        e.code(),
        String.valueOf(e.getMessage()),
        e.param(),
        Duration.ofSeconds(Long.parseLong(seconds)),
        null);
  }

  private static Throwable unreachable(Throwable e, String service) {
    return e instanceof WebClientRequestException
        ? new PonderException(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            service + ": not reachable",
            null,
            Duration.ofSeconds(1),
            e)
        : e;
  }
}
