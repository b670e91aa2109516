package dev.ponder.gateway.api;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.Ids;
import dev.ponder.gateway.http.RequestId;
import dev.ponder.gateway.key.Principal;
import dev.ponder.gateway.record.Records;
import dev.ponder.gateway.record.RequestRecord;
import dev.ponder.gateway.upstream.Target;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What surrounds every answer: a place within the key's limit, a run id, a deadline, and a record
 * of how it ended, written exactly once, however it ends. Thread-safe.
 */
@Component
class Admission {
  private final KeyLimits limits;
  private final Records records;
  private final Ids ids;
  private final Clock clock;
  private final Duration maxDuration;

  Admission(KeyLimits limits, Records records, Ids ids, Clock clock, GatewayProperties properties) {
    this.limits = limits;
    this.records = records;
    this.ids = ids;
    this.clock = clock;
    this.maxDuration = properties.maxDuration();
  }

  /** A request under way. */
  record Admitted(Caller caller, String runId, RequestRecord record) {}

  /**
   * Answers within a place.
   *
   * @param model as the client asked for it
   * @param prompts generations the answer is made of
   */
  <T> Flux<T> admit(
      ServerWebExchange exchange,
      String endpoint,
      @Nullable String model,
      Target target,
      int prompts,
      Function<Admitted, Flux<T>> answer) {
    return Flux.defer(() -> {
      Principal principal = Principal.of(exchange);
      limits.enter(principal.limitKey());
      Admitted admitted = open(exchange, principal, endpoint, model, target, prompts);
      exchange.getResponse().getHeaders().set("x-ponder-run-id", admitted.runId());
      RequestRecord record = admitted.record();
      return withinDeadline(Flux.defer(() -> answer.apply(admitted)))
          .doOnComplete(() -> end(principal, () -> records.finished(record)))
          .doOnError(e -> end(principal, () -> records.failed(record, e)))
          .doOnCancel(() -> end(principal, () -> records.cancelled(record)));
    });
  }

  /** The caller of a request that is not recorded, such as looking at runs. */
  static Caller caller(ServerWebExchange exchange) {
    return new Caller(Principal.of(exchange).tenant(), RequestId.of(exchange), 0);
  }

  private Admitted open(
      ServerWebExchange exchange,
      Principal principal,
      String endpoint,
      @Nullable String model,
      Target target,
      int prompts) {
    long until = clock.millis() + maxDuration.toMillis();
    Caller caller = new Caller(principal.tenant(), RequestId.of(exchange), until);
    String runId = ids.run();
    String strategy = target instanceof Target.Strategy s ? s.name() : null;
    String name = model == null ? String.valueOf(strategy) : model;
    return new Admitted(
        caller, runId, records.open(caller, principal, runId, endpoint, name, strategy, prompts));
  }

  private void end(Principal principal, BooleanSupplier settle) {
    if (settle.getAsBoolean()) {
      limits.leave(principal.limitKey());
    }
  }

  /**
   * Ends an answer that takes too long with an error. Two steps, because {@code takeUntilOther}
   * cancels its source only when the other one ends well, not when it fails.
   */
  private <T> Flux<T> withinDeadline(Flux<T> answer) {
    return Flux.defer(() -> {
      AtomicBoolean late = new AtomicBoolean();
      Mono<Long> deadline = Mono.delay(maxDuration).doOnNext(tick -> late.set(true));
      return answer
          .doOnComplete(() -> late.set(false))
          .takeUntilOther(deadline)
          .concatWith(Mono.defer(() -> late.get() ? Mono.error(tooLate()) : Mono.empty()));
    });
  }

  private PonderException tooLate() {
    return new PonderException(
        ErrorCode.DEADLINE_EXCEEDED,
        "the answer took longer than " + maxDuration.toSeconds() + " s");
  }
}
