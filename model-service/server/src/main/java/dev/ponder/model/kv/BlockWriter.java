package dev.ponder.model.kv;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Writes blocks behind the engine's back, on a thread of its own: what waits is bounded in bytes,
 * and what finds no room is dropped, since a block not written costs only a later recomputation.
 *
 * <p>Thread-safe; {@link #offer} never blocks.
 */
final class BlockWriter implements AutoCloseable {
  private final KvBlockTransport transport;
  private final CircuitBreaker breaker;
  private final KvMetrics metrics;
  private final TroubleLog log;
  private final long queueBytes;
  private final Duration timeout;
  private final AtomicLong waiting = new AtomicLong();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("kv-block-writer").factory());

  BlockWriter(
      KvBlockTransport transport,
      CircuitBreaker breaker,
      KvMetrics metrics,
      TroubleLog log,
      long queueBytes,
      Duration timeout) {
    this.transport = transport;
    this.breaker = breaker;
    this.metrics = metrics;
    this.log = log;
    this.queueBytes = queueBytes;
    this.timeout = timeout;
  }

  /** Whether a block of that size would find room now. */
  boolean hasRoom(long bytes) {
    return waiting.get() + bytes <= queueBytes;
  }

  /**
   * Queues a block.
   *
   * @param bytes the block's size, for the bound
   * @param frame makes the frame, on the writer's thread
   * @param stored runs on the writer's thread once the block is stored
   */
  void offer(String tenant, String key, long bytes, Supplier<byte[]> frame, Runnable stored) {
    if (waiting.addAndGet(bytes) > queueBytes) {
      waiting.addAndGet(-bytes);
      metrics.dropped.increment();
      return;
    }
    try {
      thread.execute(() -> {
        try {
          write(tenant, key, frame, stored);
        } finally {
          waiting.addAndGet(-bytes);
        }
      });
    } catch (RejectedExecutionException e) {
      waiting.addAndGet(-bytes);
      metrics.dropped.increment();
    }
  }

  private void write(String tenant, String key, Supplier<byte[]> frame, Runnable stored) {
    if (!breaker.tryAcquirePermission()) {
      metrics.dropped.increment();
      return;
    }
    long start = breaker.getCurrentTimestamp();
    try {
      byte[] bytes = frame.get();
      transport.put(tenant, key, bytes).block(timeout);
      breaker.onSuccess(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit());
      metrics.stored.increment();
      metrics.bytesOut.increment(bytes.length);
      stored.run();
    } catch (RuntimeException e) {
      breaker.onError(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit(), e);
      metrics.notStored.increment();
      if (!thread.isShutdown()) {
        log.failed(e);
      }
    }
  }

  /** Takes no more blocks; waits until those there are have been written, or patience ends. */
  void drain(Duration patience) {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        log.leftBehind(waiting.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Drops what waits; the block being written is interrupted. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      thread.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
