package dev.ponder.web;

import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.channel.ChannelOperations;

/**
 * Hands a body that is flushed piece by piece to its connection on the connection's own thread.
 *
 * <p>Reactor Netty puts a marker behind each piece with {@code concatWith}, and asks for more on
 * its event loop. When the pieces come from another thread, two requests can reach that operator at
 * once, and it may lose one: {@code FluxConcatArray} reads the number requested and the source it
 * belongs to one after the other, and a compare-and-set does not notice that the number went from
 * zero to zero over a change of sources. The answer then stops for ever between two pieces, with
 * both sides waiting. One thread cannot race with itself.
 */
final class EventLoopWriteFilter implements WebFilter {
  private static final int PREFETCH = 32;

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return chain.filter(exchange.mutate().response(new OnLoop(exchange.getResponse())).build());
  }

  private static final class OnLoop extends ServerHttpResponseDecorator {
    OnLoop(ServerHttpResponse response) {
      super(response);
    }

    @Override
    public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
      EventLoop loop = loop();
      if (loop == null) {
        return super.writeAndFlushWith(body);
      }
      return super.writeAndFlushWith(
              Flux.from(body).publishOn(Schedulers.fromExecutor(loop), PREFETCH))
          .doOnDiscard(Publisher.class, OnLoop::release);
    }

    /** Null where something else than Reactor Netty is the server. */
    private @Nullable EventLoop loop() {
      return getNativeResponse(getDelegate()) instanceof ChannelOperations<?, ?> operations
          ? operations.channel().eventLoop()
          : null;
    }

    /** A piece that nobody will write holds memory of a pool. */
    private static void release(Publisher<?> piece) {
      Flux.from(piece)
          .ofType(DataBuffer.class)
          .subscribe(DataBufferUtils.releaseConsumer(), _ -> {});
    }
  }
}
