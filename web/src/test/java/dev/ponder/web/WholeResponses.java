package dev.ponder.web;

import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFilterFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads every answer whole, as a test that looks at a status alone would leave its buffers behind.
 */
final class WholeResponses {
  static final ExchangeFilterFunction READ =
      (request, next) -> next.exchange(request).flatMap(WholeResponses::read);

  private WholeResponses() {}

  private static Mono<ClientResponse> read(ClientResponse response) {
    return response
        .bodyToMono(byte[].class)
        .defaultIfEmpty(new byte[0])
        .map(bytes ->
            response
                .mutate()
                .body(
                    bytes.length == 0
                        ? Flux.empty()
                        : Flux.just(DefaultDataBufferFactory.sharedInstance.wrap(bytes)))
                .build());
  }
}
