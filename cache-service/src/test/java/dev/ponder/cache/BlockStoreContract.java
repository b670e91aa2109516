package dev.ponder.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** What every store of blocks must do; an implementation's test is a subclass with one method. */
abstract class BlockStoreContract {
  static final long QUOTA = 10_000;
  private static final AtomicInteger TENANTS = new AtomicInteger();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-23T00:00:00Z"));
  final Clock clock = ((InstantSource) now::get).withZone(ZoneOffset.UTC);
  final String tenant = "contract" + TENANTS.incrementAndGet();
  private final SplittableRandom random =
      new SplittableRandom(Long.getLong("test.seed", 20_261_123L));

  /** Returns a store with {@link #QUOTA}, a time to live of an hour and {@link #clock}. */
  abstract BlockStore store();

  @Test
  void returnsTheBytesThatWerePut() {
    byte[] value = bytes(5000);
    assertThat(put(tenant, key(1), 0, value)).isTrue();
    assertThat(read(tenant, List.of(key(1)))).containsExactly(ByteBuffer.wrap(value));
  }

  @Test
  void findsConsecutiveKeysFromTheFirstOnly() {
    put(tenant, key(1), 0, bytes(10));
    put(tenant, key(2), 1, bytes(10));
    put(tenant, key(4), 3, bytes(10));
    assertThat(lookup(tenant, 1, 2, 3, 4)).isEqualTo(2);
    assertThat(lookup(tenant, 3, 4)).isZero();
    assertThat(lookup(tenant, 4)).isEqualTo(1);
    assertThat(read(tenant, keys(1, 2, 3, 4))).hasSize(2);
  }

  @Test
  void anotherTenantSeesNothing() {
    put(tenant, key(1), 0, bytes(10));
    assertThat(lookup(tenant + "x", 1)).isZero();
    assertThat(read(tenant + "x", keys(1))).isEmpty();
    assertThat(store().delete(tenant + "x", key(1)).block()).isFalse();
    store().clear(tenant + "x").block();
    assertThat(lookup(tenant, 1)).isEqualTo(1);
  }

  @Test
  void aTenantWhoseNameBeginsLikeAnothersIsAnother() {
    put(tenant, key(1), 0, bytes(10));
    put(tenant + "0", key(1), 0, bytes(20));
    assertThat(store().clear(tenant).block()).isEqualTo(1);
    assertThat(lookup(tenant + "0", 1)).isEqualTo(1);
  }

  @Test
  void aSecondPutReplacesAndIsCountedOnce() {
    put(tenant, key(1), 0, bytes(10));
    byte[] second = bytes(30);
    put(tenant, key(1), 0, second);
    assertThat(read(tenant, keys(1))).containsExactly(ByteBuffer.wrap(second));
    assertThat(stats()).isEqualTo(new StoreStats(1, 30, QUOTA, 0, 0));
  }

  @Test
  void deleteForgetsOneAndClearAll() {
    IntStream.range(0, 5).forEach(i -> put(tenant, key(i), i, bytes(10)));
    assertThat(store().delete(tenant, key(2)).block()).isTrue();
    assertThat(store().delete(tenant, key(2)).block()).isFalse();
    assertThat(lookup(tenant, 0, 1, 2, 3, 4)).isEqualTo(2);
    assertThat(stats().blocks()).isEqualTo(4);
    assertThat(stats().bytes()).isEqualTo(40);
    assertThat(store().clear(tenant).block()).isEqualTo(4);
    assertThat(stats()).isEqualTo(new StoreStats(0, 0, QUOTA, 0, 0));
    assertThat(lookup(tenant, 0)).isZero();
  }

  @Test
  void countsHitsAndMisses() {
    put(tenant, key(1), 0, bytes(10));
    lookup(tenant, 1, 2, 3);
    lookup(tenant, 1);
    assertThat(stats().hits()).isEqualTo(2);
    assertThat(stats().misses()).isEqualTo(2);
  }

  @Test
  void aboveTheQuotaTheLeastRecentlyUsedGoFirst() {
    for (int i = 0; i < 10; i++) {
      put(tenant, key(i), 0, bytes(1000));
      advance(Duration.ofSeconds(10));
    }
    assertThat(stats().bytes()).isEqualTo(QUOTA);
    assertThat(lookup(tenant, 0)).isEqualTo(1); // used again: now the youngest
    advance(Duration.ofSeconds(10));
    assertThat(put(tenant, key(10), 0, bytes(1500))).isTrue();
    assertThat(lookup(tenant, 0)).isEqualTo(1);
    assertThat(lookup(tenant, 1)).isZero();
    assertThat(lookup(tenant, 2)).isZero();
    assertThat(lookup(tenant, 3)).isEqualTo(1);
    assertThat(stats().bytes()).isEqualTo(9500);
  }

  @Test
  void ofOnePrefixTheTailGoesFirst() {
    int[] prefix = IntStream.range(0, 10).toArray();
    for (int i : prefix) {
      put(tenant, key(i), i, bytes(1000));
    }
    put(tenant, key(50), 0, bytes(2500));
    assertThat(lookup(tenant, prefix)).isEqualTo(7);
    // A lookup of the whole keeps that order.
    advance(Duration.ofSeconds(10));
    lookup(tenant, prefix);
    lookup(tenant, 50);
    put(tenant, key(51), 0, bytes(2000));
    assertThat(lookup(tenant, prefix)).isEqualTo(5);
  }

  @Test
  void whatIsLargerThanTheQuotaIsRefusedAndNothingIsLostForIt() {
    put(tenant, key(1), 0, bytes(1000));
    assertThat(put(tenant, key(2), 1, bytes((int) QUOTA + 1))).isFalse();
    assertThat(lookup(tenant, 1, 2)).isEqualTo(1);
    assertThat(stats().bytes()).isEqualTo(1000);
    assertThat(put(tenant, key(3), 0, bytes((int) QUOTA))).isTrue();
  }

  @Test
  void expiredValuesNoLongerCount() {
    put(tenant, key(1), 0, bytes(6000));
    put(tenant, key(2), 0, bytes(3000));
    advance(Duration.ofHours(2));
    put(tenant, key(3), 0, bytes(500));
    assertThat(stats().blocks()).isEqualTo(1);
    assertThat(stats().bytes()).isEqualTo(500);
  }

  @Test
  void concurrentPutsAreAllCounted() {
    Flux.range(0, 60)
        .flatMap(i -> store().put(tenant, key(i), i, ByteBuffer.wrap(bytes(100))), 20)
        .blockLast();
    assertThat(stats().blocks()).isEqualTo(60);
    assertThat(stats().bytes()).isEqualTo(6000);
  }

  @Test
  void noKeysFindNothing() {
    assertThat(store().lookup(tenant, List.of()).block()).isZero();
    assertThat(read(tenant, List.of())).isEmpty();
  }

  final void advance(Duration by) {
    now.updateAndGet(at -> at.plus(by));
  }

  final byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  static String key(int i) {
    return String.format("%064x", i);
  }

  static List<String> keys(int... keys) {
    return IntStream.of(keys).mapToObj(BlockStoreContract::key).toList();
  }

  private boolean put(String owner, String key, int order, byte[] value) {
    return Boolean.TRUE.equals(store().put(owner, key, order, ByteBuffer.wrap(value)).block());
  }

  private int lookup(String owner, int... keys) {
    Integer found = store().lookup(owner, keys(keys)).block();
    return found == null ? -1 : found;
  }

  private List<ByteBuffer> read(String owner, List<String> keys) {
    return store().read(owner, keys).collectList().blockOptional().orElseThrow();
  }

  private StoreStats stats() {
    return store().stats(tenant).blockOptional().orElseThrow();
  }
}
