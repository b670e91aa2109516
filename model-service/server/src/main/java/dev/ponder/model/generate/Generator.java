package dev.ponder.model.generate;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.GenerationStats;
import dev.ponder.model.ModelProperties;
import dev.ponder.model.SeedSource;
import dev.ponder.model.registry.Lease;
import dev.ponder.model.registry.LoadedModel;
import dev.ponder.model.telemetry.ModelMeters;
import dev.ponder.model.telemetry.RequestMeter;
import dev.ponder.web.ErrorBodyHandler;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs generate requests. Cancelling the flux cancels the generation at once, wherever it is. A
 * failure before the first event is an error of the flux, and so an HTTP status; one after it is
 * the stream's last event.
 */
@Component
class Generator {
  private static final int PREFETCH = 64;
  private static final Duration RETRY = Duration.ofSeconds(2);

  private final ModelAccess models;
  private final GenerateRules rules;
  private final ModelMeters meters;
  private final Scheduler promptScheduler;
  private final Scheduler deliveries = Schedulers.parallel();
  private final Clock clock;
  private final int maxUnread;

  Generator(
      ModelAccess models,
      SeedSource seeds,
      ModelMeters meters,
      Scheduler promptScheduler,
      Clock clock,
      ModelProperties properties) {
    this.models = models;
    this.rules = new GenerateRules(seeds);
    this.meters = meters;
    this.promptScheduler = promptScheduler;
    this.clock = clock;
    this.maxUnread = properties.maxUnreadEvents();
  }

  Flux<GenerateEvent> generate(GenerateRequest request, Caller caller) {
    return Flux.defer(() -> {
      GenerateRules.check(request);
      return models.use(
          request.model(),
          caller,
          lease -> Flux.defer(() -> stream(request, lease, caller)).subscribeOn(promptScheduler));
    });
  }

  private Flux<GenerateEvent> stream(GenerateRequest request, Lease lease, Caller caller) {
    LoadedModel model = lease.model();
    GenerationSpec spec = rules.spec(request, model, caller);
    RequestMeter meter = meters.request(request.model(), request.n());
    boolean logprobs = spec.topLogprobs() >= 0;
    // An event with alternatives is many times larger.
    int bound = Math.max(64, maxUnread / (1 + Math.max(0, spec.topLogprobs())));
    EventStream stream =
        new EventStream(
            request.model(), model.prompts().tokenizer(), logprobs, bound, observer(meter));
    Generation generation;
    try {
      generation = model.submit(spec, stream);
    } catch (EngineException e) {
      PonderException failure = EngineErrors.translate(e);
      meter.ended(failure.code().code());
      throw failure;
    }
    stream.bind(generation);
    lease.onEviction(() -> stream.fail(unloaded(request.model())));
    AtomicReference<String> outcome = new AtomicReference<>("completed");
    AtomicBoolean begun = new AtomicBoolean();
    Disposable deadline = deadline(stream, caller);
    return stream
        .events()
        .publishOn(deliveries, PREFETCH)
        .doOnNext(_ -> begun.set(true))
        .onErrorResume(failure -> {
          PonderException told = ErrorBodyHandler.translate(failure);
          outcome.set(told.code().code());
          return begun.get()
              ? Flux.just(new GenerateEvent.Failed(OpenAiError.of(told).error()))
              : Flux.error(told);
        })
        .doFinally(signal -> {
          deadline.dispose();
          generation.cancel();
          meter.ended(signal == SignalType.CANCEL ? "cancelled" : outcome.get());
        });
  }

  private static PonderException unloaded(String model) {
    return PonderException.busy(
        ErrorCode.MODEL_NOT_LOADED, "model " + model + " is being unloaded", RETRY);
  }

  private Disposable deadline(EventStream stream, Caller caller) {
    if (caller.deadlineMillis() == 0) {
      return () -> {};
    }
    return deliveries.schedule(
        () ->
            stream.fail(
                new PonderException(
                    ErrorCode.DEADLINE_EXCEEDED, "the request's deadline has passed")),
        Math.max(0, caller.deadlineMillis() - clock.millis()),
        TimeUnit.MILLISECONDS);
  }

  private static EventStream.Observer observer(RequestMeter meter) {
    return new EventStream.Observer() {
      @Override
      public void token(int index) {
        meter.token(index);
      }

      @Override
      public void finished(FinishReason reason) {
        meter.finished(reason);
      }

      @Override
      public void completed(GenerationStats stats) {
        meter.completed(stats);
      }
    };
  }
}
