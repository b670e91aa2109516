package dev.ponder.gateway;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;

/** A streamed completion; its upstream fails by breaking the connection off. */
class CompletionsBatteryTest extends GatewayBattery {

  @Override
  ScriptedServer upstream() {
    return gateway.model;
  }

  @Override
  void script(Script script) {
    Flux<GenerateEvent> end =
        script.end() == End.FAIL
            ? Flux.error(new IllegalStateException("scripted"))
            : Flux.just(
                new GenerateEvent.Finished(0, "stop", ""),
                TestGateway.completed(3, script.items(), 0));
    gateway.model.on(
        "POST",
        "/internal/v1/generate",
        Reply.ndjson(
            script
                .texts()
                .<GenerateEvent>map(text -> new GenerateEvent.Token(0, 1, text, null, null))
                .concatWith(end)
                .map(TestGateway::write)));
  }

  @Override
  protected WebClient.RequestHeadersSpec<?> request() {
    return post(
        "/v1/completions",
        "{\"model\":\"%s\",\"prompt\":\"a\",\"stream\":true}".formatted(TestGateway.MODEL));
  }

  @Override
  protected @Nullable String content(String frame) {
    String text = json(frame).at("/choices/0/text").asString("");
    return text.isEmpty() ? null : text;
  }
}
