package dev.ponder.web;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Refuses a body above the limit with a 413 that the client really sees. The codecs' own limit
 * stops reading at once, upon which the connection closes under a client that is still sending; so
 * this filter reads on, discards, and answers when the body has ended. No more than the limit is
 * ever kept, and a body that goes on beyond {@link #DRAIN_BYTES} is cut.
 *
 * <p>Thread-safe: stateless.
 */
public final class BodyLimitFilter implements WebFilter {
  static final long DRAIN_BYTES = 64L << 20;

  private final long limit;
  private final long binaryLimit;

  /**
   * Makes the filter.
   *
   * @param limit bytes of a body that a codec will hold whole
   * @param binaryLimit bytes of an {@code application/octet-stream} body
   */
  BodyLimitFilter(long limit, long binaryLimit) {
    this.limit = limit;
    this.binaryLimit = binaryLimit;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    String type = request.getHeaders().getFirst("Content-Type");
    boolean binary = type != null && type.startsWith(MediaType.APPLICATION_OCTET_STREAM_VALUE);
    long max = binary ? binaryLimit : limit;
    ServerHttpRequest limited =
        new ServerHttpRequestDecorator(request) {
          @Override
          public Flux<DataBuffer> getBody() {
            return bounded(super.getBody(), max, request.getHeaders().getContentLength());
          }
        };
    return chain.filter(exchange.mutate().request(limited).build());
  }

  private static Flux<DataBuffer> bounded(Flux<DataBuffer> body, long max, long declared) {
    return Flux.defer(() -> {
      Count count = new Count(max, declared > max);
      return body.<DataBuffer>handle(
              (buffer, sink) -> {
                if (count.add(buffer.readableByteCount())) {
                  sink.next(buffer);
                } else {
                  DataBufferUtils.release(buffer);
                  if (count.bytes > max + DRAIN_BYTES) {
                    sink.error(tooLarge(max));
                  }
                }
              })
          .concatWith(Mono.defer(() -> count.over ? Mono.error(tooLarge(max)) : Mono.empty()));
    });
  }

  private static PonderException tooLarge(long max) {
    return new PonderException(
        ErrorCode.REQUEST_TOO_LARGE, "body: too large (expected: at most " + max + " bytes)");
  }

  /** Bytes seen so far of one body; used by one subscriber. */
  private static final class Count {
    private final long max;
    private long bytes;
    private boolean over;

    Count(long max, boolean over) {
      this.max = max;
      this.over = over;
    }

    boolean add(int more) {
      bytes += more;
      over |= bytes > max;
      return !over;
    }
  }
}
