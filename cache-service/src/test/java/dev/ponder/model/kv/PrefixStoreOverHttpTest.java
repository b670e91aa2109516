package dev.ponder.model.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ponder.cache.CacheService;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.Namespace;
import dev.ponder.testing.RealServers;
import dev.ponder.web.InternalClients;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.ReactiveRedisConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.util.unit.DataSize;

/**
 * The engine's prefix store against a running cache-service and Redis: real pages of the default
 * model's size over HTTP/2.
 */
class PrefixStoreOverHttpTest {
  private static final String SECRET = "a secret for the tests";
  private static final int PAGE = 32;
  private static final int PAGE_BYTES = 737_280; // SmolLM2-135M: 32 tokens x 22.5 KiB
  private static final int PAGES = 8;
  private static final AtomicInteger TENANTS = new AtomicInteger();

  private static ConfigurableApplicationContext service;
  private static int port;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Namespace tenant = new Namespace("kvhttp" + TENANTS.incrementAndGet());
  private final int[] prompt = IntStream.range(0, PAGE * PAGES + 5).toArray();

  @BeforeAll
  static void start() {
    port = RealServers.freePort();
    service = startService(SECRET, port);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  @Test
  void pagesSurviveTheProcessThatWroteThemBitForBit() {
    writeAll(store(url(), Duration.ofSeconds(30)));
    ModelPrefixStore restarted = store(url(), Duration.ofSeconds(30));
    assertPages(fetch(restarted, tenant, 0), 0, PAGES);
    assertPages(fetch(restarted, tenant, 3), 3, PAGES);
    assertThat(meters.counter("ponder.kv.bytes", "direction", "in").count())
        .isEqualTo((2.0 * PAGES - 3) * PAGE_BYTES);
    assertThat(fetch(restarted, new Namespace(tenant.id() + "-other"), 0)).isEmpty();
  }

  @Test
  void aByteThatFlippedInRedisIsNoticedAndTheBlockReplaced() {
    ModelPrefixStore store = store(url(), Duration.ofSeconds(30));
    writeAll(store);
    flipAByteOfBlock(3);
    assertPages(fetch(store, tenant, 0), 0, 3);
    assertThat(meters.counter("ponder.kv.corrupt").count()).isEqualTo(1);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> fetch(store, tenant, 3).isEmpty() && store.wants(tenant, prompt, 3));
    store.offer(tenant, prompt, 3, page(3));
    await().atMost(Duration.ofSeconds(30)).until(() -> fetch(store, tenant, 0).size() == PAGES);
    assertPages(fetch(store, tenant, 0), 0, PAGES);
  }

  @Test
  void aServiceWithAnotherSecretLetsNobodyReadOrWrite() {
    try (ConfigurableApplicationContext foreign = startService("another secret, as long", 0)) {
      ModelPrefixStore store = store("http://127.0.0.1:" + portOf(foreign), Duration.ofSeconds(30));
      store.offer(tenant, prompt, 0, page(0));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> meters.counter("ponder.kv.puts", "result", "failed").count() == 1);
      assertThat(fetch(store, tenant, 0)).isEmpty();
      assertThat(meters.counter("ponder.kv.lookups.failed").count()).isEqualTo(1);
    }
  }

  @Test
  void aRestartOfTheCacheServiceLosesNothing() {
    int own = RealServers.freePort();
    String url = "http://127.0.0.1:" + own;
    ModelPrefixStore store = store(url, Duration.ofSeconds(30));
    ConfigurableApplicationContext first = startService(SECRET, own);
    writeAll(store);
    first.close();
    assertThat(fetch(store, tenant, 0)).isEmpty();
    try (ConfigurableApplicationContext second = startService(SECRET, own)) {
      assertThat(second.isRunning()).isTrue();
      await().atMost(Duration.ofSeconds(30)).until(() -> fetch(store, tenant, 0).size() == PAGES);
    }
  }

  @Test
  void aServiceThatAcceptsAndNeverAnswersIsGivenUp() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      ModelPrefixStore store =
          store("http://127.0.0.1:" + silent.getLocalPort(), Duration.ofMillis(100));
      for (int i = 0; i < 10; i++) {
        assertThat(fetch(store, tenant, 0)).isEmpty();
      }
      assertThat(store.wants(tenant, prompt, 0)).as("left alone after some failures").isFalse();
      assertThat(meters.counter("ponder.kv.lookups").count()).isLessThan(10);
    }
  }

  @Test
  void aCancelledFetchHurtsNobody() {
    ModelPrefixStore store = store(url(), Duration.ofSeconds(30));
    writeAll(store);
    for (int i = 0; i < 12; i++) {
      CompletableFuture<List<byte[]>> future = store.fetch(tenant, prompt, 0);
      future.cancel(true);
    }
    assertPages(fetch(store, tenant, 0), 0, PAGES);
  }

  private static ConfigurableApplicationContext startService(String secret, int at) {
    return CacheService.start(
        "--server.port=" + at,
        "--server.address=127.0.0.1",
        "--spring.data.redis.host=127.0.0.1",
        "--spring.data.redis.port=" + RealServers.redisPort(),
        "--ponder.cache.redis-timeout=10s",
        "--ponder.internal.secret=" + secret);
  }

  private static int portOf(ConfigurableApplicationContext context) {
    return Objects.requireNonNull(((WebServerApplicationContext) context).getWebServer()).getPort();
  }

  private static String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Another model-service process, as far as the cache-service can tell. */
  private ModelPrefixStore store(String url, Duration fetchTimeout) {
    HttpKvBlockTransport transport =
        new HttpKvBlockTransport(
            service.getBean(InternalClients.class),
            url,
            service.getBean(ReactorResourceFactory.class).getLoopResources());
    CacheServicePrefixStores stores =
        new CacheServicePrefixStores(
            transport,
            new InternalTokens(SECRET)::tenantMac,
            meters,
            Clock.systemUTC(),
            fetchTimeout,
            new KvCacheProperties(
                url,
                DataSize.ofMegabytes(256),
                DataSize.ofMegabytes(64),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                32,
                Duration.ofMillis(500)));
    open.add(stores);
    open.add(transport);
    ModelPrefixStore store = stores.open();
    store.bind(
        new EngineInfo(
            "SmolLM2",
            "llama",
            "Q4_1",
            "ab".repeat(32),
            1000,
            8192,
            49152,
            8,
            "f16",
            "scalar",
            PAGE,
            PAGE_BYTES,
            100_000,
            1),
        new byte[32]);
    return store;
  }

  private void writeAll(ModelPrefixStore store) {
    for (int page = 0; page < PAGES; page++) {
      assertThat(store.wants(tenant, prompt, page)).isTrue();
      store.offer(tenant, prompt, page, page(page));
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> meters.counter("ponder.kv.puts", "result", "stored").count() == PAGES);
  }

  private List<byte[]> fetch(ModelPrefixStore store, Namespace namespace, int fromPage) {
    return store.fetch(namespace, prompt, fromPage).orTimeout(60, TimeUnit.SECONDS).join();
  }

  private void flipAByteOfBlock(int page) {
    ReactiveRedisConnection redis =
        service.getBean(ReactiveRedisConnectionFactory.class).getReactiveConnection();
    List<ByteBuffer> keys =
        redis
            .keyCommands()
            .keys(ByteBuffer.wrap(("ponder:kv:{" + tenant.id() + "}:b:*").getBytes(UTF_8)))
            .blockOptional()
            .orElseThrow();
    assertThat(keys).hasSize(PAGES);
    for (ByteBuffer key : keys) {
      ByteBuffer value = redis.stringCommands().get(key.duplicate()).blockOptional().orElseThrow();
      int firstToken = Integer.reverseBytes(value.getInt(12));
      if (firstToken == page * PAGE) {
        value.put(5000, (byte) (value.get(5000) ^ 1));
        redis.stringCommands().set(key.duplicate(), value).block();
      }
    }
  }

  private static byte[] page(int page) {
    byte[] bytes = new byte[PAGE_BYTES];
    new SplittableRandom(page).nextBytes(bytes);
    return bytes;
  }

  private static void assertPages(List<byte[]> actual, int from, int to) {
    assertThat(actual).hasSize(to - from);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i)).as("page %d", from + i).isEqualTo(page(from + i));
    }
  }
}
