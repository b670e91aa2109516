package dev.ponder.gateway.api;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.gateway.http.Bodies;
import dev.ponder.gateway.http.SseWriter;
import dev.ponder.gateway.upstream.Upstreams;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs, as the strategy-service keeps them. It knows the tenant from the signed token and answers
 * 404 for another tenant's run.
 */
@RestController
class RunsController {
  private final Upstreams upstreams;
  private final SseWriter sse;
  private final JsonMapper json;

  RunsController(Upstreams upstreams, SseWriter sse, JsonMapper json) {
    this.upstreams = upstreams;
    this.sse = sse;
    this.json = json;
  }

  /** Newest first. The strategy-service checks the values. */
  @GetMapping("/v1/runs")
  Mono<Void> list(ServerWebExchange exchange) {
    StringBuilder uri = new StringBuilder("/internal/v1/runs");
    List<String> values = new ArrayList<>();
    for (String name : List.of("limit", "after", "status")) {
      String value = exchange.getRequest().getQueryParams().getFirst(name);
      if (value != null) {
        uri.append(values.isEmpty() ? '?' : '&').append(name).append("={").append(name).append('}');
        values.add(value);
      }
    }
    return upstreams
        .runs(Admission.caller(exchange), HttpMethod.GET, uri.toString(), values.toArray())
        .flatMap(page -> Bodies.write(exchange, json.writeValueAsString(page)));
  }

  @GetMapping("/v1/runs/{id}")
  Mono<Void> get(ServerWebExchange exchange, @PathVariable String id) {
    return document(exchange, HttpMethod.GET, "/internal/v1/runs/{id}", id);
  }

  @GetMapping("/v1/runs/{id}/tree")
  Mono<Void> tree(ServerWebExchange exchange, @PathVariable String id) {
    return document(exchange, HttpMethod.GET, "/internal/v1/runs/{id}/tree", id);
  }

  @PostMapping("/v1/runs/{id}/cancel")
  Mono<Void> cancel(ServerWebExchange exchange, @PathVariable String id) {
    return document(exchange, HttpMethod.POST, "/internal/v1/runs/{id}/cancel", id);
  }

  /** The log from the start, or from behind {@code Last-Event-ID}, then live until the run ends. */
  @GetMapping("/v1/runs/{id}/events")
  Mono<Void> events(ServerWebExchange exchange, @PathVariable String id) {
    String last = exchange.getRequest().getHeaders().getFirst("Last-Event-ID");
    Flux<String> frames =
        upstreams
            .events(Admission.caller(exchange), checked(id), after(last))
            .map(this::frame)
            .concatWithValues(SseWriter.DONE);
    return sse.write(exchange, frames);
  }

  private Mono<Void> document(
      ServerWebExchange exchange, HttpMethod method, String uri, String id) {
    return Mono.defer(() ->
        upstreams
            .runs(Admission.caller(exchange), method, uri, checked(id))
            .switchIfEmpty(
                Mono.error(() -> new PonderException(ErrorCode.NOT_FOUND, "no such run")))
            .flatMap((JsonNode run) -> Bodies.write(exchange, json.writeValueAsString(run))));
  }

  private String frame(RunEvent event) {
    String id = event.seq() > 0 ? "id: " + event.seq() + "\n" : "";
    return id + "event: " + event.type() + "\n" + SseWriter.data(json.writeValueAsString(event));
  }

  private static long after(@Nullable String lastEventId) {
    return lastEventId != null && lastEventId.matches("[0-9]{1,18}")
        ? Long.parseLong(lastEventId)
        : 0;
  }

  private static String checked(String id) {
    if (!id.matches("run_[A-Za-z0-9-]{1,64}")) {
      throw new PonderException(ErrorCode.NOT_FOUND, "no such run");
    }
    return id;
  }
}
