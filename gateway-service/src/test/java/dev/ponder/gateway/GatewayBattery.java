package dev.ponder.gateway;

import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.StreamBattery;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** What the gateway's streams have in common under the battery. */
abstract class GatewayBattery extends StreamBattery {
  final TestGateway gateway = TestGateway.shared();
  private long writtenBefore;
  private int desertedBefore;

  /** The service behind the stream. */
  abstract ScriptedServer upstream();

  abstract void script(Script script);

  @Override
  protected final void play(Script script) {
    gateway.script();
    script(script);
    writtenBefore = upstream().written();
    desertedBefore = upstream().deserted();
  }

  WebClient.RequestHeadersSpec<?> post(String path, String body) {
    return WebClient.create(gateway.url)
        .post()
        .uri(path)
        .headers(headers -> headers.setBearerAuth(TestGateway.KEY_A))
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(body);
  }

  static String data(String frame) {
    return frame
        .lines()
        .filter(line -> line.startsWith("data: "))
        .map(line -> line.substring(6))
        .findFirst()
        .orElse("");
  }

  static JsonNode json(String frame) {
    String data = data(frame);
    return data.startsWith("{")
        ? TestGateway.JSON.readTree(data)
        : TestGateway.JSON.createObjectNode();
  }

  @Override
  protected boolean failure(String frame) {
    return json(frame).path("error").has("code");
  }

  @Override
  protected boolean goodEnd(String frame) {
    return data(frame).equals("[DONE]");
  }

  @Override
  protected Mono<Void> released() {
    return upstream().untilDeserted(desertedBefore + 1);
  }

  @Override
  protected long produced() {
    return upstream().written() - writtenBefore;
  }
}
