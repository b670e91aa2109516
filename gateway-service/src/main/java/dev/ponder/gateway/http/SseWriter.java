package dev.ponder.gateway.http;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.web.ErrorBodyHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes server-sent events the way OpenAI's clients read them. Each frame is flushed; the next is
 * asked for when the client has taken the ones before. A failure before the first frame is an HTTP
 * error, later it is a frame of its own. Thread-safe.
 */
@Component
public class SseWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SseWriter.class);
  private static final String PING = ": ping\n\n";
  private static final int PREFETCH = 32;

  /** The frame that ends a good stream. */
  public static final String DONE = "data: [DONE]\n\n";

  private final JsonMapper json;
  private final Duration keepAlive;

  SseWriter(JsonMapper json, GatewayProperties properties) {
    this.json = json;
    this.keepAlive = properties.keepAlive();
  }

  public static String data(String document) {
    return "data: " + document + "\n\n";
  }

  /** Frames of several documents, as one piece. */
  public static String data(List<String> documents) {
    StringBuilder frames = new StringBuilder();
    documents.forEach(document -> frames.append(data(document)));
    return frames.toString();
  }

  /** Writes frames, which come complete, with their line ends; empty ones are left out. */
  public Mono<Void> write(ServerWebExchange exchange, Flux<String> frames) {
    ServerHttpResponse response = exchange.getResponse();
    AtomicBoolean begun = new AtomicBoolean();
    Flux<String> answer =
        withKeepAlive(frames.filter(frame -> !frame.isEmpty()))
            .doOnNext(frame -> {
              if (!begun.get()) {
                begun.set(true);
              }
            })
            .onErrorResume(e -> begun.get() ? Mono.just(failure(exchange, e)) : Mono.error(e));
    HttpHeaders headers = response.getHeaders();
    headers.setContentType(MediaType.TEXT_EVENT_STREAM);
    headers.setCacheControl("no-cache");
    headers.set("X-Accel-Buffering", "no");
    return response.writeAndFlushWith(answer.map(frame -> Mono.just(buffer(response, frame))));
  }

  /**
   * Adds a comment whenever nothing was sent for a while. It also shows the client that it was
   * accepted, and shows us a client that is gone: writing to it fails. An error waits for the
   * frames before it, which a slow client has not asked for yet.
   */
  private Flux<String> withKeepAlive(Flux<String> frames) {
    return Flux.defer(() -> {
      AtomicBoolean spoken = new AtomicBoolean();
      Sinks.Empty<Void> end = Sinks.empty();
      Flux<String> pings =
          Flux.interval(keepAlive)
              .onBackpressureDrop()
              .filter(tick -> !spoken.getAndSet(false))
              .map(tick -> PING)
              .takeUntilOther(end.asMono());
      return Flux.mergeDelayError(
          PREFETCH,
          frames.doOnNext(frame -> spoken.set(true)).doOnTerminate(end::tryEmitEmpty),
          pings);
    });
  }

  private String failure(ServerWebExchange exchange, Throwable e) {
    PonderException known = ErrorBodyHandler.translate(e);
    if (known.code() == ErrorCode.INTERNAL) {
      LOG.error("{} failed midway", exchange.getRequest().getPath(), e);
    }
    return data(json.writeValueAsString(OpenAiError.of(known)));
  }

  private static DataBuffer buffer(ServerHttpResponse response, String frame) {
    return response.bufferFactory().wrap(frame.getBytes(StandardCharsets.UTF_8));
  }
}
