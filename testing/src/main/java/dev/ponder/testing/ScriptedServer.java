package dev.ponder.testing;

import io.netty.buffer.Unpooled;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A real HTTP server on a loopback port whose answers a test writes: it stands for a service that
 * another module owns. It remembers each call, counts the pieces it was asked for, and sees a
 * client leave.
 *
 * <p>Thread-safe.
 */
public final class ScriptedServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Map<String, Function<Call, Reply>> routes = new ConcurrentHashMap<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final AtomicLong written = new AtomicLong();
  private final AtomicInteger deserted = new AtomicInteger();
  private final ChannelGroup channels = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
  private final DisposableServer server;

  private ScriptedServer(int port) {
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(port)
            .doOnConnection(connection -> channels.add(connection.channel()))
            .handle(this::answer)
            .bindNow();
  }

  /** Starts a server that answers 404 to everything until {@link #on} says otherwise. */
  public static ScriptedServer start() {
    return new ScriptedServer(0);
  }

  /** Starts one on a given port, to come back after {@link #close}. */
  public static ScriptedServer start(int port) {
    return new ScriptedServer(port);
  }

  /**
   * A request as it arrived.
   *
   * @param path without the query
   * @param query without the question mark; empty if none
   * @param headers by lower-case name; the first value of each
   */
  public record Call(
      String method, String path, String query, Map<String, String> headers, String body) {
    public @Nullable String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }
  }

  /**
   * An answer. Each piece of the body is flushed as it comes, and asked for only when the client
   * has taken the ones before.
   */
  public record Reply(int status, Map<String, String> headers, Flux<String> body) {

    public static Reply json(int status, String body) {
      return new Reply(status, Map.of("Content-Type", "application/json"), Flux.just(body));
    }

    /** A stream of lines of newline-delimited JSON; the line ends are added. */
    public static Reply ndjson(Flux<String> lines) {
      return new Reply(
          200,
          Map.of("Content-Type", "application/x-ndjson"),
          lines.map(line -> line.concat("\n")));
    }

    /** A stream that speaks its own framing, such as {@code text/event-stream}. */
    public static Reply stream(String contentType, Flux<String> pieces) {
      return new Reply(200, Map.of("Content-Type", contentType), pieces);
    }

    public Reply with(String header, String value) {
      Map<String, String> all = new TreeMap<>(headers);
      all.put(header, value);
      return new Reply(status, all, body);
    }
  }

  /**
   * Scripts the answer of a path; a later call replaces an earlier one.
   *
   * @param path exact, or ending in {@code *} for every path that starts so; the longest counts
   */
  public ScriptedServer on(String method, String path, Function<Call, Reply> answer) {
    routes.put(method + " " + path, answer);
    return this;
  }

  public ScriptedServer on(String method, String path, Reply answer) {
    return on(method, path, call -> answer);
  }

  /** Forgets all scripts; calls and counts are kept. */
  public void reset() {
    routes.clear();
  }

  public int port() {
    return server.port();
  }

  public String url() {
    return "http://127.0.0.1:" + port();
  }

  /** Every call so far, oldest first. */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  /** The calls to one path so far, oldest first. */
  public List<Call> calls(String path) {
    return calls.stream().filter(call -> call.path().equals(path)).toList();
  }

  /** How many body pieces clients have made the server produce. */
  public long written() {
    return written.get();
  }

  /** How many clients closed the connection before their answer was complete. */
  public int deserted() {
    return deserted.get();
  }

  /** Completes once {@link #deserted} reaches a number; fails after ten seconds. */
  public Mono<Void> untilDeserted(int times) {
    return until("deserted " + times + " times", () -> deserted.get() >= times);
  }

  /** Completes once a path was called that often; fails after ten seconds. */
  public Mono<Void> untilCalled(String path, int times) {
    return until(path + " called " + times + " times", () -> calls(path).size() >= times);
  }

  /** Stops listening and drops every connection, idle ones that clients keep included. */
  @Override
  public void close() {
    server.disposeNow(Duration.ofSeconds(2));
    channels.close().awaitUninterruptibly();
  }

  private static Mono<Void> until(String what, java.util.function.BooleanSupplier condition) {
    return Flux.interval(Duration.ZERO, Duration.ofMillis(5))
        .onBackpressureDrop()
        .filter(tick -> condition.getAsBoolean())
        .next()
        .timeout(PATIENCE, Mono.error(new AssertionError("never happened: " + what)))
        .then();
  }

  private Publisher<Void> answer(HttpServerRequest request, HttpServerResponse response) {
    URI uri = URI.create(request.uri());
    Map<String, String> headers = new TreeMap<>();
    request
        .requestHeaders()
        .forEach(h -> headers.putIfAbsent(h.getKey().toLowerCase(Locale.ROOT), h.getValue()));
    return request
        .receive()
        .aggregate()
        .asString(StandardCharsets.UTF_8)
        .defaultIfEmpty("")
        .flatMap(body -> {
          Call call =
              new Call(
                  request.method().name(),
                  uri.getPath(),
                  uri.getRawQuery() == null ? "" : uri.getRawQuery(),
                  headers,
                  body);
          calls.add(call);
          return Mono.from(send(route(call), response));
        });
  }

  private Reply route(Call call) {
    String key = call.method() + " " + call.path();
    Function<Call, Reply> exact = routes.get(key);
    if (exact != null) {
      return exact.apply(call);
    }
    return routes.entrySet().stream()
        .filter(e -> e.getKey().endsWith("*"))
        .filter(e -> key.startsWith(e.getKey().substring(0, e.getKey().length() - 1)))
        .max(Comparator.comparingInt(e -> e.getKey().length()))
        .map(e -> e.getValue().apply(call))
        .orElseGet(() ->
            Reply.json(
                404,
                """
                {"error":{"message":"not scripted","type":"invalid_request_error",\
                "param":null,"code":"not_found"}}\
                """));
  }

  private Publisher<Void> send(Reply reply, HttpServerResponse response) {
    AtomicBoolean complete = new AtomicBoolean();
    response.status(reply.status());
    reply.headers().forEach(response::header);
    response.withConnection(connection ->
        connection.onDispose(() -> {
          if (complete.compareAndSet(false, true)) {
            deserted.incrementAndGet();
          }
        }));
    return response
        .send(
            reply
                .body()
                .doOnNext(piece -> written.incrementAndGet())
                .map(piece -> Unpooled.copiedBuffer(piece, StandardCharsets.UTF_8))
                // Complete from the server's side, also when the script breaks the stream off.
                .doOnTerminate(() -> complete.set(true)),
            piece -> true)
        .then();
  }
}
