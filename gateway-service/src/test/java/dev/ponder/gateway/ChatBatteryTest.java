package dev.ponder.gateway;

import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;

/** A streamed chat; its upstream fails with an error event. */
class ChatBatteryTest extends GatewayBattery {

  @Override
  ScriptedServer upstream() {
    return gateway.model;
  }

  @Override
  void script(Script script) {
    Flux<GenerateEvent> end =
        script.end() == End.FAIL
            ? Flux.just(
                new GenerateEvent.Failed(
                    new OpenAiError.Detail("scripted", "server_error", null, "internal_error")))
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
    return post("/v1/chat/completions", TestGateway.chat(",\"stream\":true"));
  }

  @Override
  protected @Nullable String content(String frame) {
    String text = json(frame).at("/choices/0/delta/content").asString("");
    return text.isEmpty() ? null : text;
  }
}
