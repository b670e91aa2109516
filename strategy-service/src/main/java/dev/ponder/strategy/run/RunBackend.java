package dev.ponder.strategy.run;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.strategy.backend.Backend;
import dev.ponder.strategy.backend.Spent;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.web.ErrorBodyHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * A backend as one run uses it: on behalf of the run's caller, with retries and within a time
 * limit; a failure is a result like any other. Thread-safe.
 */
final class RunBackend {
  private static final Logger LOG = LoggerFactory.getLogger(RunBackend.class);
  private static final Duration COUNT_TIMEOUT = Duration.ofSeconds(20);

  private final Backend backend;
  private final Backend.Context context;
  private final RunTools tools;
  private final ContextView trace;

  RunBackend(
      Backend backend, LeasedRun run, Definition definition, RunTools tools, ContextView trace) {
    Instant deadline = run.deadline();
    this.backend = backend;
    this.context =
        new Backend.Context(
            new Caller(
                run.tenant(),
                definition.requestId(),
                deadline == null ? 0 : deadline.toEpochMilli()),
            definition.model(),
            run.id());
    this.tools = tools;
    this.trace = trace;
  }

  /**
   * Starts a call; disposing of it aborts it.
   *
   * @param settled called once, on any thread, unless it is aborted
   */
  Disposable call(Call call, Spent spent, Consumer<Result> settled) {
    return tools
        .retry()
        .around(backend.call(call, context, spent))
        .timeout(tools.settings().callTimeout())
        .onErrorResume(e -> Mono.just(failure(e, spent)))
        .contextWrite(trace)
        .subscribe(settled, e -> settled.accept(failure(e, spent)));
  }

  /** Waits for a prompt's exact size; null when it cannot be found. Not for event loops. */
  @Nullable Integer countTokens(List<ChatMessage> messages) {
    return backend
        .countTokens(messages, context)
        .contextWrite(trace)
        .timeout(COUNT_TIMEOUT)
        .onErrorResume(e -> Mono.empty())
        .block();
  }

  private static Result failure(Throwable e, Spent spent) {
    PonderException told =
        e instanceof TimeoutException
            ? new PonderException(ErrorCode.DEADLINE_EXCEEDED, "the call took too long")
            : ErrorBodyHandler.translate(e);
    if (told.code() == ErrorCode.INTERNAL) {
      // The other service's failure, or an unknown one: not this service's either way.
      boolean explained = e instanceof PonderException;
      if (!explained) {
        LOG.warn("a call failed in an unexpected way", e);
      }
      told =
          new PonderException(
              ErrorCode.UPSTREAM_FAILED,
              explained ? String.valueOf(told.getMessage()) : "the call failed");
    }
    return new Result.Failure(told.code().code(), String.valueOf(told.getMessage()), spent.usage());
  }
}
