package dev.ponder.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.testing.RealServers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.ReactiveStringRedisTemplate;
import org.springframework.data.redis.core.ScanOptions;
import reactor.test.StepVerifier;

class RedisBlockStoreTest extends BlockStoreContract {
  private static final LettuceConnectionFactory CONNECTIONS =
      new LettuceConnectionFactory("127.0.0.1", RealServers.redisPort());
  private static final ReactiveStringRedisTemplate REDIS;

  static {
    CONNECTIONS.afterPropertiesSet();
    REDIS = new ReactiveStringRedisTemplate(CONNECTIONS);
  }

  private final RedisGuard guard = new RedisGuard(Duration.ofSeconds(20), Duration.ofSeconds(1));
  private final BlockStore store =
      new RedisBlockStore(CONNECTIONS, guard, clock, "test", Duration.ofHours(1), QUOTA);

  @BeforeAll
  static void start() {
    CONNECTIONS.start();
  }

  @AfterAll
  static void stop() {
    CONNECTIONS.destroy();
  }

  @Override
  BlockStore store() {
    return store;
  }

  @Test
  void everyKeyOfATenantIsInOneHashSlotAndExpires() {
    store.put(tenant, key(1), 0, ByteBuffer.wrap(bytes(10))).block();
    store.lookup(tenant, keys(1, 2)).block();
    List<String> keys =
        REDIS
            .scan(ScanOptions.scanOptions().match("*" + tenant + "*").count(10_000).build())
            .collectList()
            .blockOptional()
            .orElseThrow();
    assertThat(keys).hasSize(4).allMatch(key -> key.startsWith("ponder:test:{" + tenant + "}:"));
    assertThat(keys)
        .allSatisfy(key ->
            assertThat(REDIS.getExpire(key).block())
                .as(key)
                .isBetween(Duration.ofMinutes(59), Duration.ofHours(1)));
  }

  @Test
  void aLookupRenewsTheTimeToLive() {
    String key = "ponder:test:{" + tenant + "}:b:" + key(1);
    store.put(tenant, key(1), 0, ByteBuffer.wrap(bytes(10))).block();
    REDIS.expire(key, Duration.ofSeconds(30)).block();
    store.lookup(tenant, keys(1)).block();
    assertThat(REDIS.getExpire(key).block()).isGreaterThan(Duration.ofMinutes(59));
  }

  @Test
  void whatRedisEvictedByItselfIsNoLongerCountedOnceLookedUp() {
    IntStream.range(0, 3)
        .forEach(i -> store.put(tenant, key(i), i, ByteBuffer.wrap(bytes(100))).block());
    REDIS.unlink("ponder:test:{" + tenant + "}:b:" + key(1)).block();
    assertThat(store.lookup(tenant, keys(0, 1, 2)).block()).isEqualTo(1);
    assertThat(store.stats(tenant).block()).isEqualTo(new StoreStats(2, 200, QUOTA, 1, 2));
  }

  @Test
  void whenRedisEvictsTheBooksTheQuotaIsCountedAnew() {
    store.put(tenant, key(0), 0, ByteBuffer.wrap(bytes(9000))).block();
    REDIS.unlink("ponder:test:{" + tenant + "}:order").block();
    assertThat(store.put(tenant, key(1), 0, ByteBuffer.wrap(bytes(9000))).block()).isTrue();
    assertThat(store.stats(tenant).block()).isEqualTo(new StoreStats(1, 9000, QUOTA, 0, 0));
  }

  /** With a slow reader no more values are taken out of Redis than the window. */
  @Test
  void readsAheadByTheWindowOnly() {
    List<String> keys = IntStream.range(0, 40).mapToObj(BlockStoreContract::key).toList();
    for (int i = 0; i < 40; i++) {
      store.put(tenant, key(i), i, ByteBuffer.wrap(bytes(100))).block();
    }
    long before = gets();
    StepVerifier.create(store.read(tenant, keys), 0)
        .thenRequest(1)
        .expectNextCount(1)
        .then(() -> assertThat(gets() - before).isLessThanOrEqualTo(2L * BlockStore.WINDOW))
        .thenRequest(5)
        .expectNextCount(5)
        .then(() -> assertThat(gets() - before).isLessThanOrEqualTo(6L + BlockStore.WINDOW))
        .thenCancel()
        .verify(Duration.ofSeconds(20));
    assertThat(gets() - before).as("cancelled").isLessThan(40);
  }

  @Test
  void readEndsWhereAValueIsGone() {
    for (int i = 0; i < 5; i++) {
      store.put(tenant, key(i), i, ByteBuffer.wrap(bytes(100))).block();
    }
    REDIS.unlink("ponder:test:{" + tenant + "}:b:" + key(3)).block();
    StepVerifier.create(store.read(tenant, keys(0, 1, 2, 3, 4)))
        .expectNextCount(3)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static long gets() {
    Properties info =
        REDIS
            .execute(connection -> connection.serverCommands().info("commandstats"))
            .blockFirst(Duration.ofSeconds(20));
    String line = info == null ? "" : info.getProperty("cmdstat_get", "calls=0,");
    return Long.parseLong(line.replaceAll("calls=(\\d+).*", "$1"));
  }
}
