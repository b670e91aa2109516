package dev.ponder.model.kv;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A cache-service in memory whose blocks and failures the test sets. Thread-safe. */
final class FakeTransport implements KvBlockTransport {
  final Map<String, byte[]> blocks = new ConcurrentHashMap<>();
  final List<String> deleted = new CopyOnWriteArrayList<>();
  final List<String> calls = new CopyOnWriteArrayList<>();

  /** Replaces every answer when set. */
  volatile @Nullable RuntimeException failure;

  /** Follows the blocks of every fetch. */
  volatile Flux<byte[]> tail = Flux.empty();

  /** Comes before every put's end. */
  volatile Mono<Void> putDelay = Mono.empty();

  @Override
  public Flux<byte[]> fetch(String tenant, List<String> keys) {
    calls.add("fetch");
    RuntimeException e = failure;
    if (e != null) {
      return Flux.error(e);
    }
    List<byte[]> found = new ArrayList<>();
    for (String key : keys) {
      byte[] frame = blocks.get(tenant + "/" + key);
      if (frame == null) {
        break;
      }
      found.add(frame);
    }
    return Flux.fromIterable(found).concatWith(tail);
  }

  @Override
  public Mono<Void> put(String tenant, String key, byte[] frame) {
    calls.add("put");
    RuntimeException e = failure;
    return e != null
        ? Mono.error(e)
        : putDelay.then(Mono.fromRunnable(() -> blocks.put(tenant + "/" + key, frame)));
  }

  @Override
  public Mono<Void> delete(String tenant, String key) {
    deleted.add(key);
    blocks.remove(tenant + "/" + key);
    return Mono.empty();
  }
}
