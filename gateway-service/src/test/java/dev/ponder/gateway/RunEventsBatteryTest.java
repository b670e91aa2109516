package dev.ponder.gateway;

import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;

/** A run's events as server-sent events. */
class RunEventsBatteryTest extends GatewayBattery {

  @Override
  ScriptedServer upstream() {
    return gateway.strategy;
  }

  @Override
  void script(Script script) {
    Flux<String> lines =
        script
            .texts()
            .map(text ->
                TestGateway.write(TestGateway.runEvent("run_1", 1, "chunk", Map.of("text", text))));
    gateway.strategy.on(
        "GET",
        "/internal/v1/runs/run_1/events",
        Reply.ndjson(
            script.end() == End.FAIL
                ? lines.concatWith(Flux.error(new IllegalStateException("scripted")))
                : lines));
  }

  @Override
  protected WebClient.RequestHeadersSpec<?> request() {
    return WebClient.create(gateway.url)
        .get()
        .uri("/v1/runs/run_1/events")
        .headers(headers -> headers.setBearerAuth(TestGateway.KEY_A));
  }

  @Override
  protected @Nullable String content(String frame) {
    String text = json(frame).at("/payload/text").asString("");
    return text.isEmpty() ? null : text;
  }
}
