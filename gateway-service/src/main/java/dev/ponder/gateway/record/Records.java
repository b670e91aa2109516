package dev.ponder.gateway.record;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.DirectRun;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.Usage;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.key.Principal;
import dev.ponder.gateway.upstream.Upstreams;
import dev.ponder.web.ErrorBodyHandler;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Writes down how requests ended: usage ledger, run log, metrics. All of it happens after the
 * answer, in two queues, so that a stopped strategy-service does not hold the ledger up.
 *
 * <p>Thread-safe.
 */
@Component
public class Records {
  private static final Logger LOG = LoggerFactory.getLogger(Records.class);

  private final Ledger ledger;
  private final Upstreams upstreams;
  private final RequestMetrics metrics;
  private final Clock clock;
  private final GatewayProperties properties;
  private final RecordQueue ledgerQueue;
  private final RecordQueue runQueue;

  Records(
      Ledger ledger,
      Upstreams upstreams,
      RequestMetrics metrics,
      Clock clock,
      GatewayProperties properties,
      MeterRegistry meters) {
    this.ledger = ledger;
    this.upstreams = upstreams;
    this.metrics = metrics;
    this.clock = clock;
    this.properties = properties;
    this.ledgerQueue = new RecordQueue("ledger", properties.maxPendingRecords(), meters);
    this.runQueue = new RecordQueue("runs", properties.maxPendingRecords(), meters);
  }

  /**
   * Opens the record of an admitted request.
   *
   * @param endpoint {@code chat} or {@code text_completion}
   * @param strategy null for a direct request
   */
  public RequestRecord open(
      Caller caller,
      Principal principal,
      String runId,
      String endpoint,
      String model,
      @Nullable String strategy,
      int prompts) {
    return new RequestRecord(caller, principal, runId, endpoint, model, strategy, prompts, clock);
  }

  public boolean finished(RequestRecord record) {
    return settle(record, "finished", null);
  }

  public boolean failed(RequestRecord record, Throwable e) {
    PonderException known = ErrorBodyHandler.translate(e);
    return settle(record, "failed", known.code().code());
  }

  /** The client left; if it had the whole answer by then, the request is a finished one. */
  public boolean cancelled(RequestRecord record) {
    return settle(record, record.complete() ? "finished" : "cancelled", null);
  }

  /** Returns whether this call was the one that ended the request. */
  private boolean settle(RequestRecord record, String status, @Nullable String error) {
    if (!record.settle()) {
      return false;
    }
    LedgerEntry entry = new LedgerEntry(record, status, error, record.usage(), clock.instant());
    metrics.count(entry);
    if (record.strategy == null) {
      ledgerQueue.offer(ledger.add(entry));
      runQueue.offer(upstreams.record(record.caller, directRun(entry)));
    } else if (status.equals("finished")) {
      ledgerQueue.offer(ledger.add(entry));
    } else {
      runQueue.offer(closeRun(entry));
    }
    return true;
  }

  /** Stops a run whose client is gone, and takes what it cost from its own books. */
  private Mono<Void> closeRun(LedgerEntry entry) {
    RequestRecord record = entry.request();
    Mono<Void> stop =
        entry.status().equals("cancelled")
            ? upstreams.cancel(record.caller, record.runId)
            : Mono.empty();
    return stop.then(upstreams.run(record.caller, record.runId))
        .map(RunView::usage)
        .onErrorResume(e -> {
          LOG.warn("usage of run {} is not known: {}", record.runId, e.getMessage());
          return Mono.just(Usage.ZERO);
        })
        .defaultIfEmpty(Usage.ZERO)
        .doOnNext(usage -> ledgerQueue.offer(ledger.add(entry.withUsage(usage))))
        .then();
  }

  private static DirectRun directRun(LedgerEntry entry) {
    RequestRecord record = entry.request();
    String reason =
        switch (entry.status()) {
          case "finished" -> record.finishReason();
          case "failed" -> entry.errorCode() == null ? "failed" : entry.errorCode();
          default -> "cancelled";
        };
    return new DirectRun(
        record.runId,
        record.model,
        entry.status(),
        reason,
        entry.usage(),
        record.startedAt,
        entry.finishedAt());
  }

  /** Takes no more records and waits a bounded time for those there are. */
  public void drain() {
    runQueue.drain(properties.drain());
    ledgerQueue.drain(properties.drain());
  }
}
