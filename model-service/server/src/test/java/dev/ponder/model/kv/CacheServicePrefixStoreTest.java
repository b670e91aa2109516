package dev.ponder.model.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.kv.KvFrame;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.Namespace;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class CacheServicePrefixStoreTest {
  private static final Namespace ACME = new Namespace("acme");
  private static final Namespace BETA = new Namespace("beta");
  private static final int PAGE = 4;
  private static final int PAGE_BYTES = 100;
  private static final int[] PROMPT = IntStream.range(0, 18).toArray(); // 4 full pages

  private final FakeTransport transport = new FakeTransport();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private CacheServicePrefixStores stores = stores(Duration.ofSeconds(30), 4);
  private ModelPrefixStore store = bound(stores, info("a"));

  @AfterEach
  void close() {
    stores.close();
  }

  @Test
  void pagesComeBackInOrderAndFromTheAskedPageOn() {
    offerAll(ACME, PROMPT);
    assertPages(fetch(ACME, PROMPT, 0), 0, 1, 2, 3);
    assertPages(fetch(ACME, PROMPT, 2), 2, 3);
    assertThat(fetch(ACME, PROMPT, 4)).isEmpty();
    assertThat(count("ponder.kv.blocks", "result", "hit")).isEqualTo(6);
    assertThat(count("ponder.kv.bytes", "direction", "in")).isEqualTo(6 * PAGE_BYTES);
  }

  @Test
  void aLongerPromptTakesThePagesOfItsPrefixOnly() {
    offerAll(ACME, PROMPT);
    int[] longer = Arrays.copyOf(PROMPT, 30);
    longer[9] = 7777; // in the third page
    assertPages(fetch(ACME, longer, 0), 0, 1);
    assertThat(count("ponder.kv.blocks", "result", "miss")).isEqualTo(5);
  }

  @Test
  void anotherTenantOrModelOrTokenizerFindsNothing() {
    offerAll(ACME, PROMPT);
    assertThat(fetch(BETA, PROMPT, 0)).isEmpty();
    // Not even when the transport would hand the other tenant's blocks out.
    transport.blocks.forEach(
        (key, frame) -> transport.blocks.put(key.replace("acme/", "beta/"), frame));
    assertThat(fetch(BETA, PROMPT, 0)).isEmpty();
    assertThat(join(bound(stores, info("b")).fetch(ACME, PROMPT, 0))).isEmpty();
    ModelPrefixStore other = stores.open();
    other.bind(
        info("a"),
        new byte[] {
          1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
          0, 0
        });
    assertThat(join(other.fetch(ACME, PROMPT, 0))).isEmpty();
    assertPages(fetch(ACME, PROMPT, 0), 0, 1, 2, 3);
  }

  @Test
  void pagesStoredInAnotherFormAreOthers() {
    offerAll(ACME, PROMPT);
    Set<String> halves = Set.copyOf(transport.blocks.keySet());
    ModelPrefixStore bytes = bound(stores, info("a", 8192, "int8"));
    assertThat(join(bytes.fetch(ACME, PROMPT, 0))).isEmpty();
    offerAll(bytes, ACME, PROMPT);
    assertThat(transport.blocks)
        .hasSize(2 * halves.size())
        .containsKeys(halves.toArray(String[]::new));
    transport.blocks.forEach((key, frame) ->
        assertThat(KvFrame.decode(ByteBuffer.wrap(frame)).dtype())
            .isEqualTo(halves.contains(key) ? KvFrame.DTYPE_F16 : KvFrame.DTYPE_INT8));
    assertPages(join(bytes.fetch(ACME, PROMPT, 0)), 0, 1, 2, 3);
  }

  @Test
  void aNewProcessFindsWhatAnEarlierOneWrote() {
    offerAll(ACME, PROMPT);
    try (CacheServicePrefixStores restarted = stores(Duration.ofSeconds(30), 4)) {
      assertPages(join(bound(restarted, info("a")).fetch(ACME, PROMPT, 0)), 0, 1, 2, 3);
    }
  }

  @Test
  void anEngineWithLessMemoryFindsThemToo() {
    offerAll(ACME, PROMPT);
    assertPages(join(bound(stores, info("a", 512)).fetch(ACME, PROMPT, 0)), 0, 1, 2, 3);
  }

  @Test
  void everyFlippedByteOfABlockIsACountedMissAndTheBlockIsDeleted() {
    offerAll(ACME, PROMPT);
    String key = key(ACME, 1);
    byte[] whole = Objects.requireNonNull(transport.blocks.get(key));
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 0x10;
      transport.blocks.put(key, damaged);
      assertPages(fetch(ACME, PROMPT, 0), 0);
      assertThat(transport.blocks).as("byte %d", i).doesNotContainKey(key);
    }
    assertThat(count("ponder.kv.corrupt")).isEqualTo(whole.length);
    assertThat(transport.deleted).hasSize(whole.length);
    // What was deleted is wanted again, and then whole.
    offerAll(ACME, PROMPT);
    assertPages(fetch(ACME, PROMPT, 0), 0, 1, 2, 3);
  }

  /** Valid frames in the wrong place: the checksum is right, the block is not. */
  @Test
  void aBlockOfOtherTokensPositionFormOrSizeIsCorrupt() {
    offerAll(ACME, PROMPT);
    String stored = key(ACME, 0);
    String key = stored.substring(stored.indexOf('/') + 1);
    int[] tokens = {0, 1, 2, 3};
    byte[] page = page(0);
    for (byte[] wrong :
        List.of(
            KvFrame.encode(key, KvFrame.DTYPE_F16, 0, 0, new int[] {0, 1, 2, 4}, page),
            KvFrame.encode(key, KvFrame.DTYPE_F16, 0, 0, new int[] {0, 1, 2}, page),
            KvFrame.encode(key, KvFrame.DTYPE_F16, 0, 4, tokens, page),
            KvFrame.encode(key, KvFrame.DTYPE_INT8, 0, 0, tokens, page),
            KvFrame.encode("f".repeat(64), KvFrame.DTYPE_F16, 0, 0, tokens, page),
            KvFrame.encode(key, KvFrame.DTYPE_F16, 0, 0, tokens, new byte[PAGE_BYTES - 1]))) {
      transport.blocks.put(stored, wrong);
      assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    }
    assertThat(count("ponder.kv.corrupt")).isEqualTo(6);
    transport.blocks.put(stored, KvFrame.encode(key, KvFrame.DTYPE_F16, 0, 0, tokens, page));
    assertThat(fetch(ACME, PROMPT, 0)).as("control").isNotEmpty();
  }

  @Test
  void unboundItHasAndWantsNothing() {
    ModelPrefixStore unbound = stores.open();
    assertThat(unbound.wants(ACME, PROMPT, 0)).isFalse();
    unbound.offer(ACME, PROMPT, 0, page(0));
    assertThat(join(unbound.fetch(ACME, PROMPT, 0))).isEmpty();
    assertThat(transport.calls).isEmpty();
    store.close();
    assertThat(store.wants(ACME, PROMPT, 0)).as("closed").isFalse();
  }

  @Test
  void pagesTooLargeForAFrameAreLeftAlone() {
    EngineInfo a = info("a");
    ModelPrefixStore huge = stores.open();
    huge.bind(
        new EngineInfo(
            a.name(),
            a.architecture(),
            a.quantization(),
            a.digest(),
            1,
            1,
            1,
            8,
            "f16",
            "",
            PAGE,
            KvFrame.MAX_PAYLOAD_BYTES + 1L,
            1,
            1),
        new byte[32]);
    assertThat(huge.wants(ACME, PROMPT, 0)).isFalse();
    assertThat(join(huge.fetch(ACME, PROMPT, 0))).isEmpty();
  }

  @Test
  void aShortPromptsPageIsWantedTheSecondTimeALongOnesAtOnce() {
    stores.close();
    stores = stores(Duration.ofSeconds(30), 16);
    store = bound(stores, info("a"));
    int[] shorter = Arrays.copyOf(PROMPT, 15);
    assertThat(store.wants(ACME, shorter, 0)).isFalse();
    assertThat(store.wants(ACME, shorter, 1)).isFalse();
    assertThat(store.wants(ACME, shorter, 0)).isTrue();
    assertThat(store.wants(BETA, shorter, 0)).as("another tenant's first").isFalse();
    assertThat(store.wants(ACME, PROMPT, 3)).isTrue();
    assertThat(store.wants(ACME, PROMPT, 4)).as("not full").isFalse();
  }

  @Test
  void whatIsStoredIsNotWantedAgainUntilItIsFoundMissing() {
    assertThat(store.wants(ACME, PROMPT, 2)).isTrue();
    offerAll(ACME, PROMPT);
    assertThat(store.wants(ACME, PROMPT, 2)).isFalse();
    transport.blocks.clear();
    assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    assertThat(store.wants(ACME, PROMPT, 2)).isTrue();
  }

  @Test
  void aHangingServiceIsWaitedForNoLongerThanTheLimitAndWhatCameIsUsed() {
    offerAll(ACME, PROMPT);
    stores.close();
    stores = stores(Duration.ofMillis(50), 4);
    store = bound(stores, info("a"));
    transport.tail = Flux.never();
    transport.blocks.remove(key(ACME, 2));
    assertPages(fetch(ACME, PROMPT, 0), 0, 1);
    assertThat(count("ponder.kv.lookups.failed")).as("slow, not failed").isZero();
    assertThat(fetch(BETA, PROMPT, 0)).isEmpty();
    assertThat(count("ponder.kv.lookups.failed")).isEqualTo(1);
  }

  @Test
  void cancellingTheFutureEndsTheTransfer() {
    AtomicBoolean cancelled = new AtomicBoolean();
    transport.tail = Flux.<byte[]>never().doOnCancel(() -> cancelled.set(true));
    CompletableFuture<List<byte[]>> future = store.fetch(ACME, PROMPT, 0);
    assertThat(future).isNotDone();
    future.cancel(true);
    assertThat(cancelled).isTrue();
  }

  @Test
  void aDeadServiceIsSoonNotEvenAskedAndAskedAgainLater() {
    transport.failure =
        new PonderException(ErrorCode.UPSTREAM_UNAVAILABLE, "cache-service: not reachable");
    for (int i = 0; i < 20; i++) {
      assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    }
    assertThat(transport.calls).hasSizeLessThan(20);
    assertThat(store.wants(ACME, PROMPT, 0)).as("nothing is copied for it").isFalse();
    transport.failure = null;
    stores.breaker().transitionToHalfOpenState(); // what the time open-for does
    int asked = transport.calls.size();
    assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    assertThat(transport.calls).hasSize(asked + 2);
    assertThat(store.wants(ACME, PROMPT, 0)).isTrue();
  }

  @Test
  void aServiceThatRefusesBlocksIsNotDead() {
    transport.failure = new PonderException(ErrorCode.REQUEST_TOO_LARGE, "too large");
    for (int i = 0; i < 20; i++) {
      store.offer(ACME, PROMPT, 0, page(0));
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            count("ponder.kv.puts", "result", "failed")
                    + count("ponder.kv.puts", "result", "dropped")
                == 20);
    assertThat(count("ponder.kv.puts", "result", "failed")).isGreaterThanOrEqualTo(10);
    transport.failure = null;
    fetch(ACME, PROMPT, 0);
    assertThat(transport.calls).endsWith("fetch");
  }

  @Test
  void whenTheQueueIsFullBlocksAreDroppedAndCounted() {
    transport.putDelay = Mono.never();
    for (int i = 0; i < 30; i++) { // the queue holds ten pages
      store.offer(ACME, PROMPT, i % 4, page(i % 4));
    }
    assertThat(count("ponder.kv.puts", "result", "dropped")).isEqualTo(20);
    assertThat(store.wants(ACME, PROMPT, 0)).isFalse();
  }

  @Test
  void aStopWaitsForWhatIsStillToBeWritten() {
    transport.putDelay = Mono.delay(Duration.ofMillis(30)).then();
    for (int i = 0; i < 4; i++) {
      store.offer(ACME, PROMPT, i, page(i));
    }
    stores.drain();
    assertThat(transport.blocks).hasSize(4);
    store.offer(BETA, PROMPT, 0, page(0));
    assertThat(count("ponder.kv.puts", "result", "dropped")).as("too late").isEqualTo(1);
  }

  @Test
  void fetchesAreBoundedInBytes() {
    int[] tokens = IntStream.range(0, 200).toArray(); // 50 pages, of which 20 may be fetched
    for (int i = 0; i < 50; i += 10) {
      int first = i;
      IntStream.range(first, first + 10).forEach(p -> store.offer(ACME, tokens, p, page(p)));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> transport.blocks.size() == first + 10 && hasRoom(tokens));
    }
    assertThat(fetch(ACME, tokens, 0)).hasSize(20);
    assertThat(fetch(ACME, tokens, 40)).hasSize(10);
  }

  @Test
  void aPayloadOfAnotherLengthIsIgnored() {
    store.offer(ACME, PROMPT, 0, new byte[PAGE_BYTES - 1]);
    store.offer(ACME, PROMPT, 4, page(4));
    store.offer(ACME, PROMPT, -1, page(0));
    assertThat(fetch(ACME, PROMPT, 0)).isEmpty();
    assertThat(transport.calls).containsExactly("fetch");
  }

  @Test
  void anArrayThatChangedBringsNoOtherPromptsPages() {
    offerAll(ACME, PROMPT);
    int[] reused = PROMPT.clone();
    assertThat(fetch(ACME, reused, 0)).hasSize(4);
    reused[5] = 4242;
    assertPages(fetch(ACME, reused, 0), 0);
  }

  private boolean hasRoom(int[] tokens) {
    return store.wants(ACME, Arrays.stream(tokens).map(t -> t + 1000).toArray(), 0);
  }

  private CacheServicePrefixStores stores(Duration fetchTimeout, int immediateTokens) {
    return new CacheServicePrefixStores(
        transport,
        new InternalTokens("a secret for the tests")::tenantMac,
        meters,
        Clock.systemUTC(),
        fetchTimeout,
        new KvCacheProperties(
            "http://unused",
            DataSize.ofBytes(20 * PAGE_BYTES),
            DataSize.ofBytes(10 * PAGE_BYTES),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            immediateTokens,
            Duration.ofMinutes(10)));
  }

  private static ModelPrefixStore bound(CacheServicePrefixStores stores, EngineInfo info) {
    ModelPrefixStore store = stores.open();
    store.bind(info, new byte[32]);
    return store;
  }

  private static EngineInfo info(String model) {
    return info(model, 8192);
  }

  private static EngineInfo info(String model, int contextLength) {
    return info(model, contextLength, "f16");
  }

  private static EngineInfo info(String model, int contextLength, String kvType) {
    return new EngineInfo(
        "name",
        "llama",
        "Q4_1",
        model.repeat(64),
        1000,
        contextLength,
        100,
        8,
        kvType,
        "scalar",
        PAGE,
        PAGE_BYTES,
        10_000,
        1);
  }

  private void offerAll(Namespace namespace, int[] tokens) {
    offerAll(store, namespace, tokens);
  }

  private static void offerAll(ModelPrefixStore store, Namespace namespace, int[] tokens) {
    int pages = tokens.length / PAGE;
    for (int page = 0; page < pages; page++) {
      if (store.wants(namespace, tokens, page)) {
        store.offer(namespace, tokens, page, page(page));
      }
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            IntStream.range(0, pages).noneMatch(page -> store.wants(namespace, tokens, page)));
  }

  private List<byte[]> fetch(Namespace namespace, int[] tokens, int fromPage) {
    return join(store.fetch(namespace, tokens, fromPage));
  }

  private static List<byte[]> join(CompletableFuture<List<byte[]>> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }

  private String key(Namespace namespace, int page) {
    return transport.blocks.entrySet().stream()
        .filter(e -> e.getKey().startsWith(namespace.id() + "/"))
        .filter(e -> KvFrame.decode(ByteBuffer.wrap(e.getValue())).firstToken() == page * PAGE)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private double count(String name, String... tags) {
    return meters.counter(name, tags).count();
  }

  private static byte[] page(int page) {
    byte[] bytes = new byte[PAGE_BYTES];
    new SplittableRandom(page).nextBytes(bytes);
    return bytes;
  }

  private static void assertPages(List<byte[]> actual, int... pages) {
    assertThat(actual).hasSize(pages.length);
    for (int i = 0; i < pages.length; i++) {
      assertThat(actual.get(i)).as("page %d", pages[i]).isEqualTo(page(pages[i]));
    }
  }
}
