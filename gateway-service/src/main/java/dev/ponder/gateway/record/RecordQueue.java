package dev.ponder.gateway.record;

import dev.ponder.common.error.PonderException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;

/**
 * Does small jobs after the answer: a bounded queue, a few at a time, each tried again with growing
 * pauses (about two minutes in all) before it is given up and counted.
 *
 * <p>Thread-safe; {@link #offer} never blocks.
 */
final class RecordQueue {
  private static final Logger LOG = LoggerFactory.getLogger(RecordQueue.class);
  private static final int AT_ONCE = 4;
  private static final Retry RETRY =
      Retry.backoff(10, Duration.ofMillis(100))
          .maxBackoff(Duration.ofSeconds(20))
          .filter(RecordQueue::mayPass);

  private final String name;
  private final Sinks.Many<Mono<Void>> jobs;
  private final AtomicInteger pending = new AtomicInteger();
  private final CountDownLatch drained = new CountDownLatch(1);
  private final Counter lost;

  RecordQueue(String name, int capacity, MeterRegistry meters) {
    this.name = name;
    this.jobs = Sinks.many().unicast().onBackpressureBuffer(new ArrayBlockingQueue<>(capacity));
    this.lost = Counter.builder("ponder.gateway.records.lost").tag("queue", name).register(meters);
    meters.gauge(
        "ponder.gateway.records.pending",
        io.micrometer.core.instrument.Tags.of("queue", name),
        pending);
    jobs.asFlux().flatMap(this::run, AT_ONCE).doFinally(signal -> drained.countDown()).subscribe();
  }

  void offer(Mono<Void> job) {
    pending.incrementAndGet();
    Sinks.EmitResult result;
    // Sinks want one emitter at a time.
    synchronized (jobs) {
      result = jobs.tryEmitNext(job);
    }
    if (result.isFailure()) {
      pending.decrementAndGet();
      lost.increment();
      LOG.error("{}: a record was dropped: {}", name, result);
    }
  }

  /** Takes no more jobs and waits a bounded time for those there are. */
  void drain(Duration patience) {
    synchronized (jobs) {
      jobs.tryEmitComplete();
    }
    try {
      if (!drained.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.error("{}: {} records were not written before the stop", name, pending.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Mono<Void> run(Mono<Void> job) {
    return job.retryWhen(RETRY)
        .onErrorResume(e -> {
          lost.increment();
          LOG.error("{}: a record was given up", name, e);
          return Mono.empty();
        })
        .doFinally(signal -> pending.decrementAndGet());
  }

  /** A refusal of the record itself will be the same next time. */
  private static boolean mayPass(Throwable e) {
    return !(e instanceof PonderException known)
        || known.code().httpStatus() >= 500
        || known.code().httpStatus() == 429;
  }
}
