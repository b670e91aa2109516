package dev.ponder.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.Usage;
import dev.ponder.gateway.TestGateway;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class RecordQueueTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private double lost() {
    return meters.get("ponder.gateway.records.lost").counter().count();
  }

  @Test
  void triesAgainUntilItWorks() throws InterruptedException {
    RecordQueue queue = new RecordQueue("test", 10, meters);
    AtomicInteger tries = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(1);
    queue.offer(
        Mono.fromRunnable(() -> {
          if (tries.incrementAndGet() < 3) {
            throw new IllegalStateException("not yet");
          }
          done.countDown();
        }));
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(tries).hasValue(3);
    assertThat(lost()).isZero();
  }

  @Test
  void aRefusalIsNotTriedAgain() {
    RecordQueue queue = new RecordQueue("test", 10, meters);
    AtomicInteger tries = new AtomicInteger();
    queue.offer(
        Mono.fromRunnable(() -> {
          tries.incrementAndGet();
          throw new PonderException(ErrorCode.INVALID_VALUE, "no");
        }));
    queue.drain(Duration.ofSeconds(10));
    assertThat(tries).hasValue(1);
    assertThat(lost()).isEqualTo(1);
  }

  @Test
  void isBoundedAndCountsWhatItDrops() {
    RecordQueue queue = new RecordQueue("test", 5, meters);
    Sinks.Empty<Void> gate = Sinks.empty();
    AtomicInteger done = new AtomicInteger();
    // Four run at a time and wait at the gate, five wait in the queue, eleven find no place.
    for (int i = 0; i < 20; i++) {
      queue.offer(gate.asMono().doOnSuccess(nothing -> done.incrementAndGet()));
    }
    assertThat(lost()).isEqualTo(11);
    assertThat(meters.get("ponder.gateway.records.pending").gauge().value()).isEqualTo(9);
    gate.tryEmitEmpty();
    queue.drain(Duration.ofSeconds(10));
    assertThat(done).hasValue(9);
    assertThat(meters.get("ponder.gateway.records.pending").gauge().value()).isZero();
  }

  @Test
  void theLedgerCountsARequestOnce() {
    TestGateway gateway = TestGateway.shared();
    Records records = gateway.context.getBean(Records.class);
    Ledger ledger = gateway.context.getBean(Ledger.class);
    RequestRecord request =
        records.open(
            new Caller("a", "req_once", 0),
            new dev.ponder.gateway.key.Principal(null, "n", "a", false),
            "run_once",
            "chat",
            "m",
            null,
            1);
    LedgerEntry entry =
        new LedgerEntry(request, "finished", null, new Usage(1, 2, 0), request.startedAt);
    ledger.add(entry).block();
    ledger.add(entry.withUsage(new Usage(100, 200, 0))).block();
    assertThat(
            gateway.rows(
                "select * from gateway.usage_ledger where request_id = 'req_once'", rows -> true))
        .hasSize(1)
        .first()
        .satisfies(row -> assertThat(row).containsEntry("prompt_tokens", 1L));
    assertThat(records.finished(request)).isTrue();
    assertThat(records.cancelled(request)).as("a request ends once").isFalse();
  }
}
