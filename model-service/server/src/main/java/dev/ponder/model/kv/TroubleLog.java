package dev.ponder.model.kv;

import java.time.Clock;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what is wrong with the cache-service, each thing once a minute at most: a broken one would
 * fill the disk. How often it happens, the metrics say.
 *
 * <p>Thread-safe.
 */
final class TroubleLog {
  private static final Logger LOG = LoggerFactory.getLogger(TroubleLog.class);
  private static final long EVERY_MILLIS = 60_000;

  private final Clock clock;
  private final AtomicLong nextCorrupt = new AtomicLong(Long.MIN_VALUE);
  private final AtomicLong nextFailed = new AtomicLong(Long.MIN_VALUE);

  TroubleLog(Clock clock) {
    this.clock = clock;
  }

  /** Returns whether it was logged. */
  boolean corrupt(String tenant, String key) {
    boolean due = due(nextCorrupt);
    if (due) {
      LOG.warn(
          "KV block {} of tenant {} is corrupt: deleted, its tokens are computed again",
          key,
          tenant);
    }
    return due;
  }

  /** Returns whether it was logged. */
  boolean failed(Throwable e) {
    boolean due = due(nextFailed);
    if (due) {
      LOG.warn("the cache-service does not help at present: {}", e.toString());
    }
    return due;
  }

  void leftBehind(long bytes) {
    LOG.warn("{} bytes of KV blocks were not written before the stop", bytes);
  }

  private boolean due(AtomicLong next) {
    long now = clock.millis();
    long at = next.get();
    return now >= at && next.compareAndSet(at, now + EVERY_MILLIS);
  }
}
