package dev.ponder.gateway.record;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import dev.ponder.gateway.key.Principal;
import dev.ponder.gateway.openai.RunResult;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What is learned about one request while it is answered. The events come serially, the end may
 * come from another thread (the client left), so all is guarded by this object's lock.
 */
public final class RequestRecord {
  final Caller caller;
  final Principal principal;
  final String runId;
  final String endpoint;
  final String model;
  final @Nullable String strategy;
  final Instant startedAt;

  private final java.time.Clock clock;
  private final AtomicBoolean settled = new AtomicBoolean();

  private int promptTokens;
  private int cachedTokens;
  private int tokens;
  private Usage completed = Usage.ZERO;
  private int openPrompts;
  private boolean complete;
  private String finishReason = "";
  private @Nullable Instant firstTokenAt;

  RequestRecord(
      Caller caller,
      Principal principal,
      String runId,
      String endpoint,
      String model,
      @Nullable String strategy,
      int prompts,
      java.time.Clock clock) {
    this.caller = caller;
    this.principal = principal;
    this.runId = runId;
    this.endpoint = endpoint;
    this.model = model;
    this.strategy = strategy;
    this.openPrompts = prompts;
    this.clock = clock;
    this.startedAt = clock.instant();
  }

  /** Notes an event of a generation. */
  public synchronized void saw(GenerateEvent event) {
    switch (event) {
      case GenerateEvent.Started started -> {
        promptTokens += started.promptTokens();
        cachedTokens += started.cachedTokens();
      }
      case GenerateEvent.Token token -> {
        tokens++;
        firstToken();
      }
      case GenerateEvent.Finished finished -> finishReason = finished.reason();
      case GenerateEvent.Completed done -> {
        completed = completed.plus(done.usage());
        openPrompts--;
        complete = openPrompts <= 0;
      }
      case GenerateEvent.Failed failed -> {}
    }
  }

  /** Notes an event of a run. */
  public synchronized void saw(RunEvent event) {
    if (event.type().equals("finished")) {
      RunResult result = RunResult.of(event);
      completed = result.usage();
      finishReason = result.finishReason();
      complete = true;
      firstToken();
    }
  }

  private void firstToken() {
    if (firstTokenAt == null) {
      firstTokenAt = clock.instant();
    }
  }

  /** Whether this is the first call: a request ends once. */
  boolean settle() {
    return settled.compareAndSet(false, true);
  }

  synchronized boolean complete() {
    return complete;
  }

  /** The tokens taken: as the engine counted them, or what was seen until the stream was cut. */
  synchronized Usage usage() {
    return complete ? completed : new Usage(promptTokens, tokens, cachedTokens);
  }

  synchronized String finishReason() {
    return finishReason;
  }

  synchronized @Nullable Duration timeToFirstToken() {
    return firstTokenAt == null ? null : Duration.between(startedAt, firstTokenAt);
  }
}
