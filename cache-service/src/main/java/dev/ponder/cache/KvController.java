package dev.ponder.cache;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.kv.KvFrame;
import dev.ponder.web.Callers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Prefix KV blocks over HTTP, always of the tenant in the caller's token. While Redis is away a
 * lookup finds nothing and a fetch is empty: the reader computes, which is all a cache can cost.
 */
@RestController
@RequestMapping("/internal/v1/kv")
final class KvController {
  /** How many blocks a fetch found; the stream may still end earlier. */
  static final String BLOCKS_HEADER = "X-Ponder-Blocks";

  /**
   * The server may hold 128 buffers of a response that the client does not read; in slices of this
   * size these are 8 MiB, whatever a block's size.
   */
  private static final int SLICE = 64 << 10;

  private final BlockStore blocks;
  private final CacheMetrics metrics;
  private final long maxBlock;

  KvController(
      @Qualifier("blocks") BlockStore blocks, CacheMetrics metrics, CacheProperties properties) {
    this.blocks = blocks;
    this.metrics = metrics;
    this.maxBlock = properties.maxBlock().toBytes();
  }

  /** Body of lookup and fetch: the keys of a prefix, first block first. */
  record Keys(@Nullable List<@Nullable String> keys) {}

  /** Answer of lookup: how many consecutive keys from the first on are there. */
  record Found(int found) {}

  /** Answer of the namespace's deletion. */
  record Deleted(long deleted) {}

  @PostMapping("/lookup")
  Mono<Found> lookup(@RequestBody Mono<Keys> body, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    return body.map(b -> BlockKey.checked(b.keys()))
        .flatMap(keys -> find(tenant, keys))
        .map(Found::new);
  }

  /**
   * Streams the leading blocks that are there: each as its length (u32 little-endian) and its
   * {@link KvFrame}, one after another.
   */
  @PostMapping("/fetch")
  Mono<ResponseEntity<Flux<DataBuffer>>> fetch(
      @RequestBody Mono<Keys> body, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    DataBufferFactory buffers = exchange.getResponse().bufferFactory();
    return body.map(b -> BlockKey.checked(b.keys()))
        .flatMap(keys ->
            find(tenant, keys)
                .map(found ->
                    ResponseEntity.ok()
                        .contentType(MediaType.APPLICATION_OCTET_STREAM)
                        .header(BLOCKS_HEADER, Integer.toString(found))
                        .body(
                            blocks
                                .read(tenant, keys.subList(0, found))
                                .doOnNext(block -> metrics.sent(block.remaining()))
                                .concatMap(block -> slices(block, buffers), 1))));
  }

  @PutMapping(path = "/blocks/{key}", consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  Mono<Void> put(
      @PathVariable String key, @RequestBody Flux<DataBuffer> body, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    BlockKey.checked("key", key);
    return Bodies.join(body)
        .flatMap(bytes -> {
          int size = bytes.remaining();
          KvFrame frame;
          try {
            frame = valid(key, bytes);
          } catch (PonderException e) {
            metrics.put("refused", size);
            return Mono.error(e);
          }
          return blocks
              .put(tenant, key, frame.firstToken() / frame.tokenCount(), bytes)
              .doOnError(e -> metrics.put("failed", size))
              .doOnNext(kept -> metrics.put(kept ? "stored" : "refused", size))
              .flatMap(kept -> kept ? Mono.<Void>empty() : Mono.error(overQuota()));
        });
  }

  @DeleteMapping("/blocks/{key}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  Mono<Void> delete(@PathVariable String key, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    return blocks.delete(tenant, BlockKey.checked("key", key)).then();
  }

  /** Forgets all blocks of the caller's tenant. */
  @DeleteMapping
  Mono<Deleted> clear(ServerWebExchange exchange) {
    return blocks.clear(Callers.of(exchange).tenant()).map(Deleted::new);
  }

  @GetMapping("/stats")
  Mono<StoreStats> stats(ServerWebExchange exchange) {
    return blocks.stats(Callers.of(exchange).tenant());
  }

  private Mono<Integer> find(String tenant, List<String> keys) {
    return blocks
        .lookup(tenant, keys)
        .onErrorResume(
            PonderException.class,
            e -> e.code() == ErrorCode.UPSTREAM_UNAVAILABLE ? Mono.just(0) : Mono.error(e))
        .doOnNext(found -> metrics.lookedUp(keys.size(), found));
  }

  private KvFrame valid(String key, ByteBuffer bytes) {
    if (bytes.remaining() > maxBlock) {
      throw new PonderException(
          ErrorCode.REQUEST_TOO_LARGE,
          "body: " + bytes.remaining() + " bytes (expected: at most " + maxBlock + ")");
    }
    KvFrame frame;
    try {
      frame = KvFrame.decode(bytes);
    } catch (PonderException e) {
      // Corrupt as it came in is the sender's mistake, not an upstream's.
      throw new PonderException(
          ErrorCode.INVALID_VALUE, "body: " + e.getMessage(), "body", null, e);
    }
    if (!frame.key().equals(key)) {
      throw PonderException.invalid("key", key, "the frame's own, " + frame.key());
    }
    return frame;
  }

  private static PonderException overQuota() {
    return new PonderException(
        ErrorCode.BUDGET_EXCEEDED, "body: larger than what the tenant may keep in the cache");
  }

  private static Flux<DataBuffer> slices(ByteBuffer block, DataBufferFactory buffers) {
    int size = block.remaining();
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putInt(size).flip();
    int count = (size + SLICE - 1) / SLICE;
    return Flux.range(-1, count + 1)
        .map(i ->
            i < 0
                ? buffers.wrap(length)
                : buffers.wrap(block.slice(i * SLICE, Math.min(SLICE, size - i * SLICE))));
  }
}
