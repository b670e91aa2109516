package dev.ponder.web;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The smallest service there can be: what the web module gives to every one of them is tested on
 * it.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({PonderWeb.class, EchoApplication.Endpoints.class})
class EchoApplication {

  @Bean
  RouterFunction<ServerResponse> functional() {
    return RouterFunctions.route()
        .POST(
            "/functional",
            request ->
                request
                    .bodyToMono(GenerateRequest.class)
                    .switchIfEmpty(Mono.error(() -> new ServerWebInputException("no body")))
                    .flatMap(body -> ServerResponse.ok().bodyValue(body)))
        .build();
  }

  @RestController
  static class Endpoints {
    @PostMapping("/echo")
    Mono<GenerateRequest> echo(@RequestBody Mono<GenerateRequest> body) {
      return body;
    }

    @GetMapping("/fail")
    Mono<String> fail(@RequestParam String how) {
      return switch (how) {
        case "busy" ->
            Mono.error(
                PonderException.busy(
                    ErrorCode.QUEUE_FULL, "the queue is full", Duration.ofMillis(1500)));
        case "bug" -> Mono.error(new IllegalStateException("a secret detail"));
        case "wrapped" ->
            Mono.error(new IllegalStateException(PonderException.invalid("n", 0, "1 to 128")));
        default -> throw PonderException.invalid("how", how, "busy, bug or wrapped");
      };
    }

    @GetMapping(value = "/events", produces = MediaType.APPLICATION_NDJSON_VALUE)
    Flux<GenerateEvent> events() {
      return Flux.fromIterable(
          List.of(new GenerateEvent.Started("m", 1, 0), new GenerateEvent.Finished(0, "stop", "")));
    }

    /** On purpose without Callers: only the filter stands before it. */
    @GetMapping("/internal/v1/unguarded")
    Mono<String> unguarded() {
      return Mono.just("reached");
    }

    @GetMapping("/repeat")
    Mono<String> repeat(@RequestParam int times) {
      return Mono.just("x".repeat(Math.clamp(times, 0, 10)));
    }

    @GetMapping("/internal/v1/whoami")
    Mono<String> whoAmI(ServerWebExchange exchange) {
      return Mono.just(Callers.of(exchange).tenant());
    }
  }
}
