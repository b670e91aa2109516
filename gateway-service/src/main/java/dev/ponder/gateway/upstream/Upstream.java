package dev.ponder.gateway.upstream;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.web.InternalClients;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/**
 * One service behind the gateway. Its failures come out as {@link PonderException} that a client
 * may see; when it keeps failing, the breaker refuses at once instead of waiting for it.
 *
 * <p>Thread-safe.
 */
public final class Upstream {
  private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);
  private static final Duration SOON = Duration.ofSeconds(1);

  /** Failures that say the service is ill; all others are answers. */
  private static final Set<ErrorCode> ILLNESS =
      Set.of(ErrorCode.UPSTREAM_UNAVAILABLE, ErrorCode.UPSTREAM_FAILED, ErrorCode.INTERNAL);

  /** Refusals of the gateway's own call: no fault of the client, who must not see them as its. */
  private static final Set<ErrorCode> OUR_FAULT =
      Set.of(
          ErrorCode.FORBIDDEN,
          ErrorCode.INVALID_API_KEY,
          ErrorCode.INVALID_JSON,
          ErrorCode.METHOD_NOT_ALLOWED,
          ErrorCode.UNSUPPORTED_MEDIA_TYPE);

  private final String service;
  private final WebClient client;
  private final InternalClients clients;
  private final CircuitBreaker breaker;
  private final Duration breakerWait;
  private final Duration callTimeout;

  /**
   * Makes the client of a service.
   *
   * @param breakerWait how long the breaker refuses before it tries again
   * @param callTimeout for calls that do not stream
   */
  public Upstream(
      String service,
      String url,
      InternalClients clients,
      Duration breakerWait,
      Duration callTimeout) {
    this.service = service;
    this.client = clients.to(url, service);
    this.clients = clients;
    this.breakerWait = breakerWait;
    this.callTimeout = callTimeout;
    this.breaker =
        CircuitBreaker.of(
            service,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(10)
                .failureRateThreshold(50)
                .permittedNumberOfCallsInHalfOpenState(10)
                .waitDurationInOpenState(breakerWait)
                .build());
  }

  /** Posts a body and streams the answer's lines; cancelling closes the exchange at once. */
  public <T> Flux<T> stream(Caller caller, String path, Object body, Class<T> type) {
    return guarded(
        client
            .post()
            .uri(path)
            .headers(clients.as(caller))
            .contentType(MediaType.APPLICATION_JSON)
            .accept(MediaType.APPLICATION_NDJSON, MediaType.APPLICATION_JSON)
            .bodyValue(body)
            .retrieve()
            .bodyToFlux(type));
  }

  /** Gets a stream of lines. */
  public <T> Flux<T> stream(Caller caller, String uri, Class<T> type, Object... variables) {
    return guarded(
        client
            .get()
            .uri(uri, variables)
            .headers(clients.as(caller))
            .accept(MediaType.APPLICATION_NDJSON, MediaType.APPLICATION_JSON)
            .retrieve()
            .bodyToFlux(type));
  }

  /** Calls without a body; empty if the answer has none. */
  public Mono<JsonNode> call(Caller caller, HttpMethod method, String uri, Object... variables) {
    return guarded(
            client
                .method(method)
                .uri(uri, variables)
                .headers(clients.as(caller))
                .accept(MediaType.APPLICATION_JSON)
                .retrieve()
                .bodyToMono(JsonNode.class)
                .timeout(callTimeout)
                .flux())
        .next();
  }

  /** Posts a body whose answer does not matter. */
  public Mono<Void> post(Caller caller, String path, Object body) {
    return guarded(
            client
                .post()
                .uri(path)
                .headers(clients.as(caller))
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .retrieve()
                .toBodilessEntity()
                .timeout(callTimeout)
                .flux())
        .then();
  }

  /**
   * Counts a call as good from its first element on, not from its end: in the half-open state the
   * trial calls must not be held by generations that take minutes.
   */
  private <T> Flux<T> guarded(Flux<T> answer) {
    return Flux.defer(() -> {
      if (!breaker.tryAcquirePermission()) {
        return Flux.error(
            PonderException.busy(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                service + ": not available (it failed repeatedly)",
                breakerWait));
      }
      AtomicBoolean settled = new AtomicBoolean();
      return answer
          .onErrorMap(this::translate)
          .doOnNext(element -> succeeded(settled))
          .doOnComplete(() -> succeeded(settled))
          .doOnError(e -> failed(settled, e))
          .doOnCancel(() -> {
            if (settled.compareAndSet(false, true)) {
              breaker.releasePermission();
            }
          });
    });
  }

  private void succeeded(AtomicBoolean settled) {
    if (!settled.get() && settled.compareAndSet(false, true)) {
      breaker.onSuccess(0, TimeUnit.NANOSECONDS);
    }
  }

  private void failed(AtomicBoolean settled, Throwable e) {
    if (e instanceof PonderException p && ILLNESS.contains(p.code())) {
      settled.set(true);
      breaker.onError(0, TimeUnit.NANOSECONDS, e);
    } else {
      succeeded(settled);
    }
  }

  private PonderException translate(Throwable e) {
    if (!(e instanceof PonderException known)) {
      LOG.warn("{}: the answer broke off", service, e);
      return new PonderException(ErrorCode.UPSTREAM_FAILED, service + ": the answer broke off", e);
    }
    if (OUR_FAULT.contains(known.code())) {
      LOG.error("{} refuses the gateway's call: {}", service, known.getMessage());
      return new PonderException(
          ErrorCode.UPSTREAM_FAILED, service + ": refuses the gateway's call", known);
    }
    int status = known.code().httpStatus();
    if ((status == 429 || status == 503) && known.retryAfter() == null) {
      return PonderException.busy(known.code(), String.valueOf(known.getMessage()), SOON);
    }
    return known;
  }
}
