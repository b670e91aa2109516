package dev.ponder.model.generate;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.model.ModelProperties;
import dev.ponder.model.registry.Lease;
import dev.ponder.model.registry.ModelRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Gives a request its model: loads it if it is only on disk, and holds it while it is used. */
@Component
class ModelAccess {
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final ModelRegistry registry;
  private final Scheduler promptScheduler;
  private final Duration loadWait;
  private final Clock clock;

  ModelAccess(
      ModelRegistry registry, Scheduler promptScheduler, ModelProperties properties, Clock clock) {
    this.registry = registry;
    this.promptScheduler = promptScheduler;
    this.loadWait = properties.loadWait();
    this.clock = clock;
  }

  /**
   * Runs {@code work} with the model; the lease ends with it.
   *
   * <p>Fails with MODEL_NOT_FOUND; MODEL_NOT_LOADED if loading takes longer than a request waits;
   * DEADLINE_EXCEEDED if the caller's deadline has passed; QUEUE_FULL if too many prompts wait to
   * be tokenised.
   */
  <T> Flux<T> use(String model, Caller caller, Function<Lease, Flux<T>> work) {
    Duration left = left(caller);
    if (left.isNegative() || left.isZero()) {
      return Flux.error(
          new PonderException(
              ErrorCode.DEADLINE_EXCEEDED, "the request's deadline has passed already"));
    }
    return ready(model, left)
        .thenMany(Flux.using(() -> registry.lease(model), work, Lease::close))
        .onErrorMap(
            RejectedExecutionException.class,
            e ->
                PonderException.busy(
                    ErrorCode.QUEUE_FULL, "too many prompts wait to be read", RETRY));
  }

  private Duration left(Caller caller) {
    return caller.deadlineMillis() == 0
        ? Duration.ofDays(1)
        : Duration.ofMillis(caller.deadlineMillis() - clock.millis());
  }

  private Mono<Void> ready(String model, Duration left) {
    if (registry.isReady(model)) {
      return Mono.empty();
    }
    Duration wait = left.compareTo(loadWait) < 0 ? left : loadWait;
    return Mono.fromCallable(() -> registry.load(model))
        .subscribeOn(promptScheduler)
        .flatMap(loading -> Mono.fromFuture(loading.copy()))
        .timeout(wait)
        .onErrorMap(TimeoutException.class, _ -> registry.stillLoading(model));
  }
}
