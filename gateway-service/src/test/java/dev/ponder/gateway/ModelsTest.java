package dev.ponder.gateway;

import static dev.ponder.gateway.TestGateway.MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.gateway.TestGateway.Answer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lists, the probes, the metrics and the playground's files. */
class ModelsTest {
  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
  }

  @Test
  void modelsAreListedWithStrategies() {
    assertThat(gateway.get("/v1/models").json().at("/data").toString())
        .contains("\"id\":\"" + MODEL + "\",\"object\":\"model\",\"created\":7")
        .contains("\"id\":\"best_of_n\"")
        .contains("\"context_length\":8192");
    assertThat(gateway.get("/v1/models/" + MODEL).json().get("owned_by").asString())
        .isEqualTo("ponder");
    assertThat(gateway.get("/v1/models/best_of_n/" + MODEL).json().get("id").asString())
        .isEqualTo("best_of_n/" + MODEL);
    assertThat(gateway.get("/v1/models/best_of_n/nothing").status()).isEqualTo(404);
  }

  @Test
  void probesAndMetricsAreOpen() {
    Answer ready = open("/actuator/health/readiness");
    assertThat(ready.status()).as(ready.body()).isEqualTo(200);
    assertThat(open("/actuator/health/liveness").status()).isEqualTo(200);
    gateway.post("/v1/chat/completions", TestGateway.chat(""));
    assertThat(open("/actuator/prometheus").body())
        .contains("gen_ai_server_time_to_first_token_seconds_bucket")
        .contains("gen_ai_server_request_duration_seconds_count")
        .contains("gen_ai_client_token_usage_sum")
        .contains("ponder_gateway_requests_total")
        .contains("ponder_gateway_records_pending");
    assertThat(open("/actuator/env").status()).isEqualTo(404);
  }

  @Test
  void thePlaygroundNeedsNothingFromElsewhere() {
    Answer page = open("/");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("content-type")).startsWith("text/html");
    assertThat(page.header("content-security-policy"))
        .contains("default-src 'none'", "script-src 'self'")
        .doesNotContain("unsafe");
    for (String path : List.of("/", "/playground.css", "/playground.js", "/icon.svg")) {
      Answer file = open(path);
      assertThat(file.status()).as(path).isEqualTo(200);
      assertThat(file.body().replace("http://www.w3.org/2000/svg", ""))
          .as(path)
          .doesNotContain("http://", "https://", "style=", "onclick", "innerHTML");
    }
  }

  private Answer open(String path) {
    return gateway.send(HttpRequest.newBuilder(URI.create(gateway.url + path)).build());
  }
}
