package dev.ponder.cache;

import java.nio.ByteBuffer;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reads a body whole; the web module's filter has bounded it. */
final class Bodies {
  private Bodies() {}

  /** Returns the body's bytes, or nothing when it has none. */
  static Mono<ByteBuffer> join(Flux<DataBuffer> body) {
    return DataBufferUtils.join(body)
        .mapNotNull(joined -> {
          try {
            ByteBuffer bytes = ByteBuffer.allocate(joined.readableByteCount());
            joined.toByteBuffer(bytes);
            return bytes.hasRemaining() ? bytes : null;
          } finally {
            DataBufferUtils.release(joined);
          }
        });
  }
}
