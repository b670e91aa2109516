package dev.ponder.gateway;

import java.time.Clock;
import java.util.HexFormat;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Makes the identifiers of requests, runs and answers. Thread-safe if its random generator is.
 *
 * <p>A request's id is always ours, never the client's: the ledger counts each id once.
 */
public final class Ids {
  private final Clock clock;
  private final RandomGenerator random;

  public Ids(Clock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  public String request() {
    return "req_" + uuid7();
  }

  public String run() {
    return "run_" + uuid7();
  }

  public String chat() {
    return "chatcmpl-" + hex();
  }

  public String completion() {
    return "cmpl-" + hex();
  }

  /** A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits. */
  public UUID uuid7() {
    long high = (clock.millis() << 16) | 0x7000 | (random.nextLong() & 0x0FFF);
    long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  private String hex() {
    HexFormat format = HexFormat.of();
    return format.toHexDigits(random.nextLong()) + format.toHexDigits(random.nextLong());
  }
}
