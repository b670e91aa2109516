package dev.ponder.cache;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Lets no call wait for a Redis that is not there: a time limit on each command, and a circuit
 * breaker that after some failures refuses at once, then tries again now and then.
 *
 * <p>Thread-safe.
 */
final class RedisGuard {
  private static final Logger LOG = LoggerFactory.getLogger(RedisGuard.class);

  private final CircuitBreaker breaker;
  private final Duration timeout;
  private final Duration openFor;

  RedisGuard(Duration timeout, Duration openFor) {
    this.timeout = timeout;
    this.openFor = openFor;
    this.breaker =
        CircuitBreaker.of(
            "redis",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(16)
                .minimumNumberOfCalls(4)
                .failureRateThreshold(50)
                .waitDurationInOpenState(openFor)
                .permittedNumberOfCallsInHalfOpenState(2)
                // A Redis that answers "no" (out of memory, read-only) is there.
                .ignoreException(RedisGuard::answered)
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(e -> LOG.warn("Redis: circuit {}", e.getStateTransition()));
  }

  /** Returns the call's result, or {@code UPSTREAM_UNAVAILABLE} when there is none in time. */
  <T> Mono<T> guard(Mono<T> call) {
    // The first connection is made by the thread that subscribes, and waits: not an event loop.
    return call.subscribeOn(Schedulers.boundedElastic())
        .timeout(timeout)
        .transformDeferred(CircuitBreakerOperator.of(breaker))
        .onErrorMap(this::coded);
  }

  /** Returns a failure of Redis as the caller may see it. */
  PonderException coded(Throwable failure) {
    return failure instanceof PonderException e ? e : unavailable(failure);
  }

  boolean open() {
    return breaker.getState() == CircuitBreaker.State.OPEN;
  }

  private PonderException unavailable(Throwable cause) {
    return new PonderException(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        answered(cause) ? "Redis refused the command" : "Redis is not reachable",
        null,
        openFor,
        cause);
  }

  private static boolean answered(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof RedisCommandExecutionException) {
        return true;
      }
    }
    return false;
  }
}
