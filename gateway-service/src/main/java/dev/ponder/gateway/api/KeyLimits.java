package dev.ponder.gateway.api;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** Bounds how many requests of one key are answered at a time by this replica. Thread-safe. */
@Component
class KeyLimits {
  private final int max;

  /** Only keys with requests under way have an entry. */
  private final ConcurrentHashMap<String, Integer> running = new ConcurrentHashMap<>();

  KeyLimits(GatewayProperties properties) {
    this.max = properties.maxConcurrentPerKey();
  }

  /**
   * Takes a place; {@link #leave} gives it back.
   *
   * @throws PonderException with {@link ErrorCode#RATE_LIMITED} when all are taken
   */
  void enter(String key) {
    running.compute(
        key,
        (same, count) -> {
          int now = count == null ? 0 : count;
          if (now >= max) {
            throw PonderException.busy(
                ErrorCode.RATE_LIMITED,
                "requests of this key: " + now + " under way (expected: at most " + max + ")",
                Duration.ofSeconds(1));
          }
          return now + 1;
        });
  }

  void leave(String key) {
    running.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
  }

  int running(String key) {
    return running.getOrDefault(key, 0);
  }
}
