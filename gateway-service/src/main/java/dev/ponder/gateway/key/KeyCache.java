package dev.ponder.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Remembers verified keys for a short while, the most recently used ones. Only good keys are
 * remembered, so that guessing fills nothing.
 *
 * <p>Thread-safe; the lock is held for one map operation.
 */
final class KeyCache {
  static final int CAPACITY = 10_000;

  private final Clock clock;
  private final long ttlMillis;
  private final Map<String, Verified> entries =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Verified> eldest) {
          return size() > CAPACITY;
        }
      };

  private record Verified(Principal principal, long expiresMillis) {}

  KeyCache(Clock clock, Duration ttl) {
    this.clock = clock;
    this.ttlMillis = ttl.toMillis();
  }

  @Nullable Principal get(byte[] hash) {
    String key = HexFormat.of().formatHex(hash);
    synchronized (entries) {
      Verified entry = entries.get(key);
      if (entry == null) {
        return null;
      }
      if (entry.expiresMillis <= clock.millis()) {
        entries.remove(key);
        return null;
      }
      return entry.principal;
    }
  }

  void put(byte[] hash, Principal principal) {
    String key = HexFormat.of().formatHex(hash);
    synchronized (entries) {
      entries.put(key, new Verified(principal, clock.millis() + ttlMillis));
    }
  }

  void forget(UUID keyId) {
    synchronized (entries) {
      entries.values().removeIf(entry -> keyId.equals(entry.principal.keyId()));
    }
  }

  int size() {
    synchronized (entries) {
      return entries.size();
    }
  }
}
