package dev.ponder.gateway.http;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.openai.PublicJson;
import java.nio.charset.StandardCharsets;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
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
    long declared = exchange.getRequest().getHeaders().getContentLength();
    if (declared > maxBytes) {
      return Mono.error(tooLarge(declared + " bytes"));
    }
    return DataBufferUtils.join(exchange.getRequest().getBody(), maxBytes)
        .onErrorMap(DataBufferLimitException.class, e -> tooLarge("larger"))
        .map(Bodies::bytes)
        .defaultIfEmpty(new byte[0])
        .flatMap(body ->
            body.length <= PARSED_ON_THE_SPOT
                ? Mono.fromCallable(() -> json.parse(body))
                : Mono.fromCallable(() -> json.parse(body)).subscribeOn(Schedulers.parallel()));
  }

  /** Writes a JSON document as the whole answer. */
  public static Mono<Void> write(ServerWebExchange exchange, String document) {
    ServerHttpResponse response = exchange.getResponse();
    byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    response.getHeaders().setContentLength(bytes.length);
    return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(bytes)));
  }

  private static byte[] bytes(DataBuffer buffer) {
    byte[] bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }

  private PonderException tooLarge(String size) {
    return new PonderException(
        ErrorCode.REQUEST_TOO_LARGE,
        "body: " + size + " (expected: at most " + maxBytes + " bytes)");
  }
}
