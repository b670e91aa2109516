package dev.ponder.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;
import reactor.test.StepVerifier;

/** A connection that closes between a body's first element and the beginning of its writing. */
class DepartedClientFilterTest {
  private static final WebFilter NONE = (exchange, chain) -> chain.filter(exchange);

  @Test
  void aBodyWhoseWritingNeverBeganIsCancelled() {
    assertThat(isCancelled(new DepartedClientFilter(), ServerHttpResponse::writeWith)).isTrue();
    assertThat(isCancelled(new DepartedClientFilter(), DepartedClientFilterTest::flushEach))
        .isTrue();
    // The control; once this holds without the filter, the filter can go.
    assertThat(isCancelled(NONE, ServerHttpResponse::writeWith)).isFalse();
    assertThat(isCancelled(NONE, DepartedClientFilterTest::flushEach)).isFalse();
  }

  @Test
  void aBodyThatIsTakenArrivesWhole() {
    MockServerWebExchange exchange =
        MockServerWebExchange.from(MockServerHttpRequest.get("/").build());
    Flux<DataBuffer> body = Flux.just("a", "b", "c").map(DepartedClientFilterTest::buffer);
    new DepartedClientFilter()
        .filter(exchange, guarded -> flushEach(guarded.getResponse(), body))
        .block();
    assertThat(exchange.getResponse().getBodyAsString().block()).isEqualTo("abc");
  }

  private static boolean isCancelled(
      WebFilter filter, BiFunction<ServerHttpResponse, Flux<DataBuffer>, Mono<Void>> write) {
    MockServerWebExchange exchange =
        MockServerWebExchange.from(MockServerHttpRequest.get("/").build());
    exchange.getResponse().setWriteHandler(_ -> Mono.error(AbortedException.beforeSend()));
    AtomicBoolean cancelled = new AtomicBoolean();
    Flux<DataBuffer> endless =
        Flux.just(buffer("first")).concatWith(Flux.never()).doOnCancel(() -> cancelled.set(true));
    StepVerifier.create(
            filter.filter(exchange, guarded -> write.apply(guarded.getResponse(), endless)))
        .verifyError(AbortedException.class);
    return cancelled.get();
  }

  private static Mono<Void> flushEach(ServerHttpResponse response, Flux<DataBuffer> body) {
    return response.writeAndFlushWith(body.map(Mono::just));
  }

  private static DataBuffer buffer(String text) {
    return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(UTF_8));
  }
}
