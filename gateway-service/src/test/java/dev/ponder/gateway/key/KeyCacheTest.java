package dev.ponder.gateway.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class KeyCacheTest {
  private final SettableClock clock = new SettableClock();
  private final KeyCache cache = new KeyCache(clock, Duration.ofSeconds(10));
  private final Principal principal = new Principal(UUID.randomUUID(), "n", "t", false);

  private static final class SettableClock extends Clock {
    private Instant now = Instant.EPOCH;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  private static byte[] hash(int i) {
    return ByteBuffer.allocate(32).putInt(i).array();
  }

  @Test
  void believesAKeyForAWhileOnly() {
    cache.put(hash(1), principal);
    clock.now = clock.now.plusMillis(9_999);
    assertThat(cache.get(hash(1))).isEqualTo(principal);
    assertThat(cache.get(hash(2))).isNull();
    clock.now = clock.now.plusMillis(1);
    assertThat(cache.get(hash(1))).isNull();
    assertThat(cache.size()).isZero();
  }

  @Test
  void forgetsARevokedKeyAtOnce() {
    cache.put(hash(1), principal);
    UUID id = principal.keyId();
    assertThat(id).isNotNull();
    cache.forget(id);
    assertThat(cache.get(hash(1))).isNull();
  }

  @Test
  void isBounded() {
    for (int i = 0; i < KeyCache.CAPACITY + 100; i++) {
      cache.put(hash(i), principal);
    }
    assertThat(cache.size()).isEqualTo(KeyCache.CAPACITY);
    assertThat(cache.get(hash(0))).as("the eldest is gone").isNull();
  }

  @Test
  void keysHaveEnoughChanceInThem() {
    KeySecret secret = KeySecret.random(new SplittableRandom(1));
    assertThat(secret.text()).matches("sk-ponder-[A-Za-z0-9_-]{43}");
    assertThat(secret.toString()).hasSize("sk-ponder-".length() + 6 + 3);
    assertThat(secret.hash()).hasSize(32);
    assertThat(new KeyStore.Hash(secret.hash()).matches(secret.hash())).isTrue();
    assertThat(new KeyStore.Hash(secret.hash()).matches(new KeySecret("x").hash())).isFalse();
  }

  @Test
  void bootstrapPairsAreChecked() {
    assertThat(BootstrapKeys.parse(List.of("", "me=sk-ponder-0123456789")).keySet())
        .containsExactly("me");
    for (String bad :
        List.of("sk-ponder-0123456789", "=sk-ponder-0123456789", "a b=x", "a=short")) {
      assertThatThrownBy(() -> BootstrapKeys.parse(List.of(bad)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("ponder.gateway.bootstrap-keys: ")
          .hasMessageNotContaining("sk-ponder-0123456789");
    }
  }
}
