package dev.ponder.testing;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The scripted server is itself a streaming endpoint: the shortest one the battery can meet. */
class ScriptedServerTest extends StreamBattery {
  private final ScriptedServer server = ScriptedServer.start();

  @AfterEach
  void stop() {
    server.close();
  }

  @Override
  protected void play(Script script) {
    Flux<String> frames = script.texts().map(text -> "item " + text + "\n\n");
    server.on(
        "GET",
        "/stream",
        ScriptedServer.Reply.stream(
            "text/plain",
            script.end() == End.FAIL
                ? frames.concatWith(Mono.error(new IllegalStateException("scripted failure")))
                : frames.concatWithValues("end\n\n")));
  }

  @Override
  protected WebClient.RequestHeadersSpec<?> request() {
    return WebClient.create(server.url()).get().uri("/stream");
  }

  @Override
  protected @Nullable String content(String frame) {
    return frame.startsWith("item ") ? frame.substring(5) : null;
  }

  @Override
  protected boolean failure(String frame) {
    return false;
  }

  @Override
  protected boolean goodEnd(String frame) {
    return frame.equals("end");
  }

  @Override
  protected Mono<Void> released() {
    return server.untilDeserted(1);
  }

  @Override
  protected long produced() {
    return server.written();
  }
}
