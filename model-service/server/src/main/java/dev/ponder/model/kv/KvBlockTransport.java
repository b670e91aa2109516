package dev.ponder.model.kv;

import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Carries KV frames between this process and the cache-service. Knows nothing of what is in them.
 *
 * <p>Thread-safe; results come on the transport's own threads. A failure is an error signal.
 */
interface KvBlockTransport {

  /**
   * Returns the frames of the leading keys that are there, in order, one at a time as they arrive;
   * cancelling ends the transfer.
   */
  Flux<byte[]> fetch(String tenant, List<String> keys);

  Mono<Void> put(String tenant, String key, byte[] frame);

  Mono<Void> delete(String tenant, String key);
}
