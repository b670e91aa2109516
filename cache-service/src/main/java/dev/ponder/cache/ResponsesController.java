package dev.ponder.cache;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.web.Callers;
import java.nio.ByteBuffer;
import java.util.List;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.json.JsonMapper;

/** Recorded responses, for replay: JSON values by the hash of the request they answered. */
@RestController
@RequestMapping("/internal/v1/responses")
final class ResponsesController {
  private final BlockStore responses;
  private final JsonMapper json;
  private final long maxResponse;

  ResponsesController(
      @Qualifier("responses") BlockStore responses, JsonMapper json, CacheProperties properties) {
    this.responses = responses;
    this.json = json;
    this.maxResponse = properties.maxResponse().toBytes();
  }

  @GetMapping("/{hash}")
  Mono<ResponseEntity<DataBuffer>> get(@PathVariable String hash, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    List<String> keys = List.of(BlockKey.checked("hash", hash));
    DataBufferFactory buffers = exchange.getResponse().bufferFactory();
    return responses
        .lookup(tenant, keys)
        .filter(found -> found == 1)
        .flatMap(found -> responses.read(tenant, keys).next())
        .map(bytes ->
            ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(buffers.wrap(bytes)))
        .switchIfEmpty(
            Mono.error(() -> new PonderException(ErrorCode.NOT_FOUND, "no such response")));
  }

  @PutMapping(path = "/{hash}", consumes = MediaType.APPLICATION_JSON_VALUE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  Mono<Void> put(
      @PathVariable String hash, @RequestBody Flux<DataBuffer> body, ServerWebExchange exchange) {
    String tenant = Callers.of(exchange).tenant();
    BlockKey.checked("hash", hash);
    return Bodies.join(body)
        .flatMap(bytes -> responses.put(tenant, hash, 0, valid(bytes)))
        .flatMap(kept ->
            kept
                ? Mono.empty()
                : Mono.error(
                    new PonderException(
                        ErrorCode.BUDGET_EXCEEDED, "body: larger than what the tenant may keep")));
  }

  /** Forgets all recorded responses of the caller's tenant. */
  @DeleteMapping
  Mono<KvController.Deleted> clear(ServerWebExchange exchange) {
    return responses.clear(Callers.of(exchange).tenant()).map(KvController.Deleted::new);
  }

  private ByteBuffer valid(ByteBuffer bytes) {
    if (bytes.remaining() > maxResponse) {
      throw new PonderException(
          ErrorCode.REQUEST_TOO_LARGE,
          "body: " + bytes.remaining() + " bytes (expected: at most " + maxResponse + ")");
    }
    try (JsonParser parser =
        json.createParser(bytes.array(), bytes.arrayOffset(), bytes.remaining())) {
      int values = 0;
      while (parser.nextToken() != null) {
        parser.skipChildren();
        values++;
      }
      if (values == 1) {
        return bytes;
      }
    } catch (JacksonException e) {
      throw new PonderException(ErrorCode.INVALID_JSON, "body: not valid JSON", e);
    }
    throw new PonderException(ErrorCode.INVALID_JSON, "body: not one JSON value");
  }
}
