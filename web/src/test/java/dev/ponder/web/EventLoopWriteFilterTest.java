package dev.ponder.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;

/** Bodies that another thread makes, on a real server. */
class EventLoopWriteFilterTest {
  private static final WebFilter NONE = (exchange, chain) -> chain.filter(exchange);
  private static final NettyDataBufferFactory BUFFERS =
      new NettyDataBufferFactory(PooledByteBufAllocator.DEFAULT);

  private final Scheduler maker = Schedulers.newSingle("maker");

  @AfterEach
  void end() {
    maker.dispose();
  }

  @Test
  void piecesAreTakenOnTheEventLoopAlone() {
    assertThat(threadsThatTook(new EventLoopWriteFilter())).hasSize(100).doesNotContain("maker");
    // The control; once this holds without the filter, the filter can go.
    assertThat(threadsThatTook(NONE)).hasSize(100).contains("maker");
  }

  /** The names of the threads that asked for a piece's content, as the client reads them. */
  private List<String> threadsThatTook(WebFilter filter) {
    Flux<Mono<DataBuffer>> pieces =
        Flux.range(0, 100)
            .publishOn(maker)
            .map(_ -> Mono.fromCallable(() -> buffer(threadName() + "\n")));
    DisposableServer server =
        serve(filter, exchange -> exchange.getResponse().writeAndFlushWith(pieces));
    try {
      String body =
          HttpClient.newConnection()
              .get()
              .uri("http://127.0.0.1:" + server.port() + "/")
              .responseContent()
              .aggregate()
              .asString()
              .block();
      return body == null ? List.of() : body.lines().toList();
    } finally {
      server.disposeNow();
    }
  }

  private static String threadName() {
    String name = Thread.currentThread().getName();
    return name.substring(0, Math.max(name.indexOf('-'), 0));
  }

  @Test
  void piecesThatNobodyTakesAnyMoreAreReleased() throws IOException {
    Queue<ByteBuf> made = new ConcurrentLinkedQueue<>();
    AtomicBoolean over = new AtomicBoolean();
    Flux<Mono<DataBuffer>> pieces =
        Flux.<Integer>generate(sink -> sink.next(0))
            .hide() // a queue that is discarded is emptied first, and fused this one has no end
            .publishOn(maker)
            .map(_ -> {
              DataBuffer piece = buffer("x".repeat(16_384));
              made.add(NettyDataBufferFactory.toByteBuf(piece));
              return Mono.just(piece);
            })
            .doFinally(_ -> over.set(true));
    DisposableServer server =
        serve(
            new EventLoopWriteFilter(),
            exchange -> exchange.getResponse().writeAndFlushWith(pieces));
    try {
      readSomePiecesAndLeave(server.port());
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> {
            assertThat(over).isTrue();
            assertThat(made).isNotEmpty().allMatch(piece -> piece.refCnt() == 0);
          });
    } finally {
      server.disposeNow();
    }
  }

  private static void readSomePiecesAndLeave(int port) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setSoLinger(true, 0);
      client.getOutputStream().write("GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(UTF_8));
      assertThat(client.getInputStream().readNBytes(65_536)).hasSize(65_536);
    }
  }

  private static DisposableServer serve(WebFilter filter, WebHandler handler) {
    return HttpServer.create()
        .host("127.0.0.1")
        .port(0)
        .handle(
            new ReactorHttpHandlerAdapter(
                WebHttpHandlerBuilder.webHandler(handler).filter(filter).build()))
        .bindNow();
  }

  private static DataBuffer buffer(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return BUFFERS.allocateBuffer(bytes.length).write(bytes);
  }
}
