package dev.ponder.engine.schedule;

import static dev.ponder.engine.schedule.Harness.alone;
import static dev.ponder.engine.schedule.Harness.prompt;
import static dev.ponder.engine.schedule.Harness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.TokenEvent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PrefixStoreTest {
  private static final int[] PROMPT = prompt(100, 1);

  @Test
  void coldWarmAndFetchedGiveTheSameBits() {
    MapStore store = filledStore();
    assertThat(store.pages).hasSize(3);
    Map<Integer, List<TokenEvent>> cold = alone(request()).all();
    try (Harness harness = Harness.of(store)) {
      Recorder fetched = harness.run(request());
      assertThat(fetched.cachedTokens).isEqualTo(96);
      assertThat(fetched.stats().cacheBytes()).isEqualTo(3 * harness.pool.pageBytes());
      assertThat(fetched.all()).isEqualTo(cold);
      Recorder warm = harness.run(request());
      assertThat(warm.cachedTokens).isEqualTo(96);
      assertThat(warm.stats().cacheBytes()).isZero();
      assertThat(warm.all()).isEqualTo(cold);
      assertThat(harness.stats().rows()).isEqualTo(2 * (4 + 19));
      assertThat(harness.stats().fetchedPages()).isEqualTo(3);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  /** The control: what was fetched is what is used. */
  @Test
  void oneFlippedBitInAPayloadChangesTheLogits() {
    MapStore store = filledStore();
    byte[] payload = store.pages.values().iterator().next();
    payload[payload.length / 2 + 1] ^= (byte) 0x80; // the sign of a half float
    try (Harness harness = Harness.of(store)) {
      assertThat(harness.run(request()).all()).isNotEqualTo(alone(request()).all());
    }
  }

  @Test
  void fetchesOnlyWhatIsMissingAndAsksOnce() {
    MapStore store = filledStore();
    try (Harness harness = Harness.of(store)) {
      harness.run(spec(1, Arrays.copyOf(PROMPT, 40)));
      assertThat(store.fetches).hasValue(1);
      assertThat(harness.stats().fetchedPages()).isEqualTo(1);
      assertThat(harness.run(request()).cachedTokens).isEqualTo(96);
      assertThat(store.fetches).hasValue(2);
      assertThat(harness.stats().fetchedPages()).isEqualTo(3);
      harness.run(request());
      assertThat(store.fetches).as("all pages are here").hasValue(2);
    }
  }

  @Test
  void thePromptsLastTokenIsAlwaysComputed() {
    MapStore store = new MapStore();
    int[] full = prompt(64, 2);
    try (Harness harness = Harness.of(store)) {
      harness.run(spec(3, full));
      harness.barrier();
    }
    assertThat(store.pages).hasSize(2);
    try (Harness harness = Harness.of(store)) {
      Recorder fetched = harness.run(spec(3, full));
      assertThat(fetched.cachedTokens).isEqualTo(32);
      assertThat(fetched.all()).isEqualTo(alone(spec(3, full)).all());
    }
  }

  @Test
  void offersNothingOfRequestsThatDeclineTheCacheAndNothingUnwanted() {
    MapStore store = new MapStore();
    try (Harness harness = Harness.of(store)) {
      harness.run(request().useCache(false));
      harness.barrier();
      assertThat(store.pages).isEmpty();
      assertThat(store.fetches).hasValue(0);
      harness.run(request());
      harness.run(request());
      assertThat(harness.stats().offeredPages()).isEqualTo(3);
    }
  }

  @Test
  void waitsForTheStoreNoLongerThanTheTimeoutAndHoldsNobodyUp() {
    HangingStore store = new HangingStore();
    try (Harness harness = Harness.of(store)) {
      Recorder waiting = harness.submit(request());
      Recorder other = harness.run(spec(5, prompt(20, 3))); // less than a page: nothing to ask for
      assertThat(other.ids(0)).hasSize(5);
      assertThat(waiting.events).isZero();
      assertThat(harness.stats().running()).isEqualTo(1);
      // The base, and a millisecond for each token of the full pages before the last token.
      int pages = (PROMPT.length - 1) / 32;
      long patience = 200_000_000L + 1_000_000L * pages * 32;
      harness.clock.addAndGet(patience - 1_000_000);
      harness.barrier();
      assertThat(waiting.events).isZero();
      harness.clock.addAndGet(1_000_000);
      harness.barrier();
      assertThat(waiting.all()).isEqualTo(alone(request()).all());
      assertThat(waiting.cachedTokens).isZero();
      assertThat(waiting.stats().cacheNanos()).isEqualTo(patience);
      assertThat(store.asked.isCancelled()).isTrue();
    }
  }

  @Test
  void takesPartOfWhatItAskedForWhenItComesInTime() {
    MapStore filled = filledStore();
    HangingStore store = new HangingStore();
    try (Harness harness = Harness.of(store)) {
      Recorder waiting = harness.submit(request());
      harness.barrier();
      List<byte[]> pages = Harness.await(filled.fetch(Harness.ALICE, PROMPT, 0));
      store.asked.complete(pages.subList(0, 2));
      assertThat(waiting.all()).isEqualTo(alone(request()).all());
      assertThat(waiting.cachedTokens).isEqualTo(64);
    }
  }

  @Test
  void cancellingWhileWaitingFreesEverything() {
    HangingStore store = new HangingStore();
    try (Harness harness = Harness.of(store)) {
      Recorder recorder = new Recorder();
      Generation generation = harness.submit(request(), recorder);
      harness.barrier();
      generation.cancel();
      assertThat(harness.stats().running()).isZero();
      assertThat(store.asked.isCancelled()).isTrue();
      assertThat(recorder.events).isZero();
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void wrongPayloadsAndFailuresCostARecomputationOnly() {
    Map<Integer, List<TokenEvent>> expected = alone(request()).all();
    for (List<byte[]> wrong :
        List.of(List.of(new byte[7]), List.of(new byte[0], new byte[1 << 20]), List.<byte[]>of())) {
      HangingStore store = new HangingStore();
      store.asked.complete(wrong);
      try (Harness harness = Harness.of(store)) {
        Recorder recorder = harness.run(request());
        assertThat(recorder.cachedTokens).isZero();
        assertThat(recorder.all()).isEqualTo(expected);
      }
    }
    HangingStore failing = new HangingStore();
    failing.asked.completeExceptionally(new IllegalStateException("store is down"));
    try (Harness harness = Harness.of(failing)) {
      assertThat(harness.run(request()).all()).isEqualTo(expected);
    }
    MapStore throwing =
        new MapStore() {
          @Override
          public synchronized CompletableFuture<List<byte[]>> fetch(
              Namespace namespace, int[] tokens, int fromPage) {
            throw new IllegalStateException("fetch");
          }

          @Override
          public synchronized boolean wants(Namespace namespace, int[] tokens, int page) {
            throw new IllegalStateException("wants");
          }
        };
    try (Harness harness = Harness.of(throwing)) {
      assertThat(harness.run(request()).all()).isEqualTo(expected);
      assertThat(harness.leakedPages()).isZero();
    }
  }

  @Test
  void closingWhileWaitingEndsTheRequest() {
    HangingStore store = new HangingStore();
    Harness harness = Harness.of(store);
    Recorder waiting = harness.submit(request());
    CountDownLatch begun = new CountDownLatch(1);
    harness.scheduler.execute(begun::countDown);
    SchedulerTest.awaitLatch(begun);
    harness.close();
    assertThat(waiting.error()).hasMessageContaining("closed");
  }

  private static GenerationSpec.Builder request() {
    return spec(20, PROMPT);
  }

  /** A store that another engine has filled with the prompt's pages. */
  private static MapStore filledStore() {
    MapStore store = new MapStore();
    try (Harness harness = Harness.of(store)) {
      harness.run(request());
      harness.barrier();
    }
    store.fetches.set(0);
    return store;
  }

  /** A store that answers when the test says so. */
  private static final class HangingStore extends MapStore {
    final CompletableFuture<List<byte[]>> asked = new CompletableFuture<>();

    @Override
    public synchronized CompletableFuture<List<byte[]>> fetch(
        Namespace namespace, int[] tokens, int fromPage) {
      return asked;
    }
  }
}
