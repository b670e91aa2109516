package dev.ponder.strategy.backend;

import dev.ponder.common.error.PonderException;
import io.github.resilience4j.core.functions.Either;
import io.github.resilience4j.reactor.retry.RetryOperator;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.net.ConnectException;
import java.time.Duration;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Mono;

/**
 * Repeats a call that was certainly not begun: the connection was refused, or the server turned the
 * request away (429, 503) before it worked on it. Anything else may have been billed, and is not
 * repeated: a second attempt could pay twice for one answer.
 */
public final class SafeRetry {
  private static final Duration FIRST_WAIT = Duration.ofMillis(250);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(8);

  private final Retry retry;

  public SafeRetry(int attempts) {
    this.retry =
        Retry.of(
            "calls",
            RetryConfig.custom()
                .maxAttempts(attempts)
                .intervalBiFunction(SafeRetry::waitMillis)
                .retryOnException(SafeRetry::isSafe)
                .build());
  }

  public <T> Mono<T> around(Mono<T> call) {
    return call.transformDeferred(RetryOperator.of(retry));
  }

  static boolean isSafe(Throwable failure) {
    if (!(failure instanceof PonderException e)) {
      return false;
    }
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException) {
        return true;
      }
    }
    boolean sent = e.getCause() instanceof WebClientRequestException;
    return !sent
        && switch (e.code()) {
          case QUEUE_FULL, RATE_LIMITED, UPSTREAM_UNAVAILABLE, MODEL_NOT_LOADED -> true;
          default -> false;
        };
  }

  private static long waitMillis(int attempt, Either<Throwable, Object> result) {
    Duration asked =
        result.isLeft() && result.getLeft() instanceof PonderException e ? e.retryAfter() : null;
    long doubled = FIRST_WAIT.toMillis() << Math.min(attempt - 1, 10);
    long millis = asked == null ? doubled : asked.toMillis();
    return Math.min(millis, LONGEST_WAIT.toMillis());
  }
}
