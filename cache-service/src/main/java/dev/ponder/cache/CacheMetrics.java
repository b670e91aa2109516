package dev.ponder.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

/** What passed through the service, over all tenants; per tenant there are the stores' stats. */
@Component
final class CacheMetrics {
  private final Counter hits;
  private final Counter misses;
  private final Counter bytesIn;
  private final Counter bytesOut;
  private final MeterRegistry meters;

  CacheMetrics(MeterRegistry meters) {
    this.meters = meters;
    hits = meters.counter("ponder.cache.blocks", "result", "hit");
    misses = meters.counter("ponder.cache.blocks", "result", "miss");
    bytesIn = meters.counter("ponder.cache.bytes", "direction", "in");
    bytesOut = meters.counter("ponder.cache.bytes", "direction", "out");
  }

  void lookedUp(int asked, int found) {
    hits.increment(found);
    misses.increment((double) asked - found);
  }

  void sent(int bytes) {
    bytesOut.increment(bytes);
  }

  /** Counts a put: {@code stored}, {@code refused} (a bad or too large block) or {@code failed}. */
  void put(String result, int bytes) {
    bytesIn.increment(bytes);
    meters.counter("ponder.cache.puts", "result", result).increment();
  }
}
