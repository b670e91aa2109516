package dev.ponder.model.kv;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What goes to and comes from the cache-service, over all models and tenants. */
final class KvMetrics {
  final Counter lookups;
  final Counter hits;
  final Counter misses;
  final Counter bytesIn;
  final Counter bytesOut;
  final Counter corrupt;
  final Counter failed;
  final Counter stored;
  final Counter dropped;
  final Counter notStored;

  KvMetrics(MeterRegistry meters) {
    lookups = meters.counter("ponder.kv.lookups");
    hits = meters.counter("ponder.kv.blocks", "result", "hit");
    misses = meters.counter("ponder.kv.blocks", "result", "miss");
    bytesIn = meters.counter("ponder.kv.bytes", "direction", "in");
    bytesOut = meters.counter("ponder.kv.bytes", "direction", "out");
    corrupt = meters.counter("ponder.kv.corrupt");
    failed = meters.counter("ponder.kv.lookups.failed");
    stored = meters.counter("ponder.kv.puts", "result", "stored");
    dropped = meters.counter("ponder.kv.puts", "result", "dropped");
    notStored = meters.counter("ponder.kv.puts", "result", "failed");
  }
}
