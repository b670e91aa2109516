package dev.ponder.model.kv;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.kv.KvFrame;
import dev.ponder.common.prefix.PrefixSeed;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.PrefixStore;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * One model's pages in the cache-service. A namespace is a tenant: its MAC is part of every key,
 * and the cache-service keeps tenants apart once more.
 *
 * <p>Called on the engine's scheduler thread, which it never lets wait: fetches and writes go on
 * elsewhere. Thread-safe. Whatever fails is counted and costs a recomputation.
 */
final class CacheServicePrefixStore implements ModelPrefixStore {
  /** 64 KiB of hints: prefixes of 260,000 tokens. */
  private static final int HINTS = 8192;

  private final KvBlockTransport transport;
  private final Function<String, byte[]> tenantMacs;
  private final BlockWriter writer;
  private final CircuitBreaker breaker;
  private final KvMetrics metrics;
  private final TroubleLog log;
  private final Duration fetchTimeout;
  private final long maxFetchBytes;
  private final int immediateTokens;
  private final KeySet64 computedOnce = new KeySet64(HINTS);
  private final KeySet64 stored = new KeySet64(HINTS);
  private volatile @Nullable Model model;

  /** The model's side of a key, and its pages' size. */
  private record Model(KeyMemo keys, int pageTokens, long pageBytes, short dtype) {}

  CacheServicePrefixStore(
      KvBlockTransport transport,
      Function<String, byte[]> tenantMacs,
      BlockWriter writer,
      CircuitBreaker breaker,
      KvMetrics metrics,
      TroubleLog log,
      Duration fetchTimeout,
      KvCacheProperties properties) {
    this.transport = transport;
    this.tenantMacs = tenantMacs;
    this.writer = writer;
    this.breaker = breaker;
    this.metrics = metrics;
    this.log = log;
    this.fetchTimeout = fetchTimeout;
    this.maxFetchBytes = properties.maxFetch().toBytes();
    this.immediateTokens = properties.immediateTokens();
  }

  @Override
  public void bind(EngineInfo info, byte[] tokenizerDigest) {
    if (info.pageBytes() > KvFrame.MAX_PAYLOAD_BYTES || info.pageTokens() > KvFrame.MAX_TOKENS) {
      // Such pages fit no frame: the model runs without the cache-service.
      return;
    }
    short dtype = KvFrame.dtype(info.kvType());
    byte[] modelDigest = HexFormat.of().parseHex(info.digest());
    byte[] tokenizer = tokenizerDigest.clone();
    Function<Namespace, PrefixSeed> seeds =
        namespace ->
            PrefixSeed.of(
                modelDigest,
                tokenizer,
                info.ropeBase(),
                info.ropeScale(),
                // The model's own context is in its digest; this engine's depends on its memory,
                // which changes no bit of a page.
                0,
                info.activationBits(),
                info.kvType(),
                info.pageTokens(),
                null,
                0,
                tenantMacs.apply(namespace.id()));
    model =
        new Model(
            new KeyMemo(seeds, info.pageTokens()), info.pageTokens(), info.pageBytes(), dtype);
  }

  @Override
  public CompletableFuture<List<byte[]>> fetch(Namespace namespace, int[] tokens, int fromPage) {
    Model m = model;
    if (m == null || fromPage < 0) {
      return CompletableFuture.completedFuture(List.of());
    }
    List<String> all = m.keys.keys(namespace, tokens);
    long most = Math.min(all.size(), fromPage + maxFetchBytes / m.pageBytes);
    if (fromPage >= most || !breaker.tryAcquirePermission()) {
      return CompletableFuture.completedFuture(List.of());
    }
    List<String> keys = all.subList(fromPage, (int) most);
    BlockReader reader =
        new BlockReader(keys, tokens, fromPage, m.pageTokens, m.pageBytes, m.dtype);
    long start = breaker.getCurrentTimestamp();
    metrics.lookups.increment();
    // Past the deadline what has arrived counts, and the rest is cancelled.
    Mono<Boolean> deadline =
        Mono.delay(PrefixStore.patience(fetchTimeout, keys.size() * m.pageTokens)).thenReturn(true);
    Mono<List<byte[]>> pages =
        transport
            .fetch(namespace.id(), keys)
            .takeWhile(reader::accept)
            .then(Mono.just(false))
            .takeUntilOther(deadline)
            .switchIfEmpty(Mono.just(true))
            .doOnNext(late -> judge(start, late && reader.pages().isEmpty()))
            .onErrorResume(e -> Mono.just(failed(start, e)))
            .doOnCancel(breaker::releasePermission)
            .map(late -> finish(namespace, reader, keys, late));
    return cancellable(pages);
  }

  @Override
  public boolean wants(Namespace namespace, int[] tokens, int page) {
    Model m = model;
    if (m == null
        || breaker.getState() == CircuitBreaker.State.OPEN
        || !writer.hasRoom(m.pageBytes)) {
      return false;
    }
    List<String> keys = m.keys.keys(namespace, tokens);
    if (page < 0 || page >= keys.size() || stored.contains(keys.get(page))) {
      return false;
    }
    return tokens.length >= immediateTokens || computedOnce.add(keys.get(page));
  }

  @Override
  public void offer(Namespace namespace, int[] tokens, int page, byte[] payload) {
    Model m = model;
    if (m == null || payload.length != m.pageBytes) {
      return;
    }
    List<String> keys = m.keys.keys(namespace, tokens);
    if (page < 0 || page >= keys.size()) {
      return;
    }
    String key = keys.get(page);
    int first = page * m.pageTokens;
    int[] covered = Arrays.copyOfRange(tokens, first, first + m.pageTokens);
    writer.offer(
        namespace.id(),
        key,
        payload.length,
        () -> KvFrame.encode(key, m.dtype, 0, first, covered, payload),
        () -> stored.add(key));
  }

  @Override
  public void close() {
    model = null;
  }

  private void judge(long start, boolean nothingInTime) {
    if (nothingInTime) {
      failed(start, new DeadlineExceeded());
    } else {
      breaker.onSuccess(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit());
    }
  }

  private boolean failed(long start, Throwable e) {
    metrics.failed.increment();
    log.failed(e);
    breaker.onError(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit(), e);
    return true;
  }

  /** Unlike {@code Mono.toFuture().thenX}: cancelling it ends the transfer. */
  private static CompletableFuture<List<byte[]>> cancellable(Mono<List<byte[]>> pages) {
    CompletableFuture<List<byte[]>> future = new CompletableFuture<>();
    Disposable transfer = pages.subscribe(future::complete, e -> future.complete(List.of()));
    CompletableFuture<List<byte[]>> _ =
        future.whenComplete((_, _) -> {
          if (future.isCancelled()) {
            transfer.dispose();
          }
        });
    return future;
  }

  private List<byte[]> finish(
      Namespace namespace, BlockReader reader, List<String> keys, boolean late) {
    List<byte[]> pages = reader.pages();
    metrics.hits.increment(pages.size());
    metrics.misses.increment((double) keys.size() - pages.size());
    pages.forEach(page -> metrics.bytesIn.increment(page.length));
    keys.subList(0, pages.size()).forEach(stored::add);
    if (!late) {
      // Known not to be there (any more): to be written when computed.
      keys.subList(pages.size(), keys.size()).forEach(stored::remove);
    }
    String corrupt = reader.corruptKey();
    if (corrupt != null) {
      metrics.corrupt.increment();
      log.corrupt(namespace.id(), corrupt);
      transport.delete(namespace.id(), corrupt).onErrorComplete().subscribe();
    }
    return pages;
  }

  /** Counts for the breaker; nobody sees it. */
  private static final class DeadlineExceeded extends PonderException {
    private static final long serialVersionUID = 1L;

    DeadlineExceeded() {
      super(ErrorCode.DEADLINE_EXCEEDED, "cache-service: no block in time");
    }
  }
}
