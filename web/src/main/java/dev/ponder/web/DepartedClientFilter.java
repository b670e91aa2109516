package dev.ponder.web;

import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Cancels what makes a streamed body as soon as its writing has ended, however it ended.
 *
 * <p>Spring asks for a body's first element before it begins to write. When the client leaves just
 * then, Reactor Netty refuses to begin ({@code AbortedException}) without ever subscribing, and
 * nothing tells the body: a generation would go on for a client that is gone.
 */
final class DepartedClientFilter implements WebFilter {

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return chain.filter(exchange.mutate().response(new Guarded(exchange.getResponse())).build());
  }

  private static final class Guarded extends ServerHttpResponseDecorator {
    Guarded(ServerHttpResponse response) {
      super(response);
    }

    @Override
    public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
      if (body instanceof Mono) { // whole, so there is nothing left that could go on
        return super.writeWith(body);
      }
      return Mono.defer(() -> {
        Sinks.Empty<Void> ended = Sinks.empty();
        return super.writeWith(Flux.from(body).takeUntilOther(ended.asMono()))
            .doFinally(_ -> ended.tryEmitEmpty());
      });
    }

    @Override
    public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
      return Mono.defer(() -> {
        Sinks.Empty<Void> ended = Sinks.empty();
        return super.writeAndFlushWith(Flux.from(body).takeUntilOther(ended.asMono()))
            .doFinally(_ -> ended.tryEmitEmpty());
      });
    }
  }
}
