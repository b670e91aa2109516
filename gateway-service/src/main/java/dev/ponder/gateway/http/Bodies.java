package dev.ponder.gateway.http;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.openai.PublicJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.JsonNode;

/** Reads JSON bodies of bounded size and writes JSON answers. Thread-safe. */
@Component
public class Bodies {
  /** Parsing more than this takes milliseconds, which an event loop does not have. */
  private static final int PARSED_ON_THE_SPOT = 64 * 1024;

  private final PublicJson json;
  private final int maxBytes;

  Bodies(PublicJson json, GatewayProperties properties) {
    this.json = json;
    this.maxBytes = Math.toIntExact(properties.maxBody().toBytes());
  }

  /** Returns the parsed body, or an error signal a client can understand. */
  public Mono<JsonNode> read(ServerWebExchange exchange) {
    return exchange
        .getRequest()
        .getBody()
        .collect(() -> new Collected(maxBytes), Collected::add)
        .flatMap(collected -> parse(collected.whole()));
  }

  private Mono<JsonNode> parse(byte[] body) {
    Mono<JsonNode> parsed = Mono.fromCallable(() -> json.parse(body));
    return body.length <= PARSED_ON_THE_SPOT ? parsed : parsed.subscribeOn(Schedulers.parallel());
  }

  /** Writes a JSON document as the whole answer. */
  public static Mono<Void> write(ServerWebExchange exchange, String document) {
    ServerHttpResponse response = exchange.getResponse();
    byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    response.getHeaders().setContentLength(bytes.length);
    return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(bytes)));
  }

  /**
   * A body's bytes up to the limit. What comes beyond is discarded, not refused at once: the
   * connection would close under a client that is still sending, which then never sees the answer.
   */
  private static final class Collected {
    private final int max;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long seen;

    Collected(int max) {
      this.max = max;
    }

    void add(DataBuffer buffer) {
      seen += buffer.readableByteCount();
      if (seen <= max) {
        byte[] some = new byte[buffer.readableByteCount()];
        buffer.read(some);
        bytes.writeBytes(some);
      }
      DataBufferUtils.release(buffer);
    }

    byte[] whole() {
      if (seen > max) {
        throw new PonderException(
            ErrorCode.REQUEST_TOO_LARGE,
            "body: " + seen + " bytes (expected: at most " + max + ")");
      }
      return bytes.toByteArray();
    }
  }
}
