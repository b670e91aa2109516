package dev.ponder.strategy.http;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.DirectRun;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunPage;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunTree;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.strategy.run.RunService;
import dev.ponder.web.Callers;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code /internal/v1/runs} and {@code /internal/v1/strategies}. */
@RestController
@RequestMapping("/internal/v1")
final class RunController {
  private final RunService runs;

  RunController(RunService runs) {
    this.runs = runs;
  }

  @GetMapping("/strategies")
  Mono<List<StrategyInfo>> strategies() {
    return Mono.just(runs.strategies());
  }

  /** Starts a run, or joins the one of this id, and streams it to its end. */
  @PostMapping(
      path = "/runs",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_NDJSON_VALUE)
  Flux<RunEvent> run(
      @RequestBody Mono<RunRequest> request,
      @RequestParam(defaultValue = "false") boolean detach,
      ServerWebExchange exchange) {
    return request.flatMapMany(body -> runs.run(Callers.of(exchange), body, detach));
  }

  @PostMapping(path = "/runs/direct", consumes = MediaType.APPLICATION_JSON_VALUE)
  Mono<RunView> direct(@RequestBody Mono<DirectRun> run, ServerWebExchange exchange) {
    return run.flatMap(body -> runs.record(Callers.of(exchange), body));
  }

  @GetMapping("/runs")
  Mono<RunPage> list(
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String after,
      @RequestParam(required = false) @Nullable String status,
      ServerWebExchange exchange) {
    return runs.list(Callers.of(exchange).tenant(), limit, after, status);
  }

  @GetMapping("/runs/{id}")
  Mono<RunView> view(@PathVariable String id, ServerWebExchange exchange) {
    return runs.view(Callers.of(exchange).tenant(), id);
  }

  @GetMapping("/runs/{id}/tree")
  Mono<RunTree> tree(@PathVariable String id, ServerWebExchange exchange) {
    return runs.tree(Callers.of(exchange).tenant(), id);
  }

  @PostMapping("/runs/{id}/cancel")
  Mono<RunView> cancel(@PathVariable String id, ServerWebExchange exchange) {
    return runs.cancel(Callers.of(exchange).tenant(), id);
  }

  @GetMapping(path = "/runs/{id}/events", produces = MediaType.APPLICATION_NDJSON_VALUE)
  Flux<RunEvent> events(
      @PathVariable String id,
      @RequestParam(defaultValue = "0") long after,
      ServerWebExchange exchange) {
    return runs.events(Callers.of(exchange).tenant(), id, after);
  }

  /** The same as server-sent events; a client that comes back names the last id it saw. */
  @GetMapping(path = "/runs/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  Flux<ServerSentEvent<RunEvent>> stream(
      @PathVariable String id,
      @RequestParam(defaultValue = "0") long after,
      @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId,
      ServerWebExchange exchange) {
    long from = lastEventId == null ? after : sequence(lastEventId);
    return runs.events(Callers.of(exchange).tenant(), id, from).map(RunController::sent);
  }

  private static ServerSentEvent<RunEvent> sent(RunEvent event) {
    ServerSentEvent.Builder<RunEvent> sent = ServerSentEvent.builder(event).event(event.type());
    // Live-only entries have no place in the log to come back to.
    return event.seq() == 0 ? sent.build() : sent.id(Long.toString(event.seq())).build();
  }

  private static long sequence(String lastEventId) {
    if (!lastEventId.matches("[0-9]{1,18}")) {
      throw PonderException.invalid("Last-Event-ID", lastEventId, "a number");
    }
    return Long.parseLong(lastEventId);
  }
}
