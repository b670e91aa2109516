package dev.ponder.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.kv.KvFrame;
import dev.ponder.testing.RealServers;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import redis.embedded.RedisServer;

/** A Redis that is stopped, and started again, under a running service. */
class RedisOutageTest {
  private static final String SECRET = "a secret for the tests";
  private static final String KEY = BlockStoreContract.key(1);

  @Test
  void onlyHitsAreLostWhileRedisIsAwayAndTheyComeBackWithIt() throws IOException {
    int redisPort = RealServers.freePort();
    // The service starts without Redis, too.
    try (ConfigurableApplicationContext service =
        CacheService.start(
            "--server.port=0",
            "--server.address=127.0.0.1",
            "--spring.data.redis.port=" + redisPort,
            "--ponder.internal.secret=" + SECRET,
            "--ponder.cache.open-for=200ms")) {
      WebTestClient http = client(((ReactiveWebServerApplicationContext) service));
      assertAway(http);

      RedisServer redis = RealServers.startRedis(redisPort);
      awaitStored(http);
      assertThat(lookup(http)).isEqualTo(1);
      readiness(http, 200, "UP");

      redis.stop();
      assertAway(http);

      RedisServer second = RealServers.startRedis(redisPort);
      awaitStored(http);
      assertThat(lookup(http)).isEqualTo(1);
      readiness(http, 200, "UP");
      second.stop();
    }
  }

  private static void assertAway(WebTestClient http) {
    // Often enough to open the circuit, which must not change what a caller sees.
    for (int i = 0; i < 8; i++) {
      assertThat(lookup(http)).isZero();
      http.post()
          .uri("/internal/v1/kv/fetch")
          .bodyValue(Map.of("keys", List.of(KEY)))
          .exchange()
          .expectStatus()
          .isOk()
          .expectHeader()
          .valueEquals(KvController.BLOCKS_HEADER, "0")
          .expectBody()
          .isEmpty();
      put(http)
          .expectStatus()
          .isEqualTo(503)
          .expectHeader()
          .exists("Retry-After")
          .expectBody()
          .jsonPath("$.error.code")
          .isEqualTo("upstream_unavailable");
    }
    http.get().uri("/internal/v1/kv/stats").exchange().expectStatus().isEqualTo(503);
    http.delete().uri("/internal/v1/kv").exchange().expectStatus().isEqualTo(503);
    http.get().uri("/internal/v1/responses/" + KEY).exchange().expectStatus().isEqualTo(503);
    readiness(http, 503, "DOWN");
    http.get().uri("/actuator/health/liveness").exchange().expectStatus().isOk();
    http.get()
        .uri("/actuator/prometheus")
        .exchange()
        .expectBody(String.class)
        .value(text -> assertThat(text).containsPattern("ponder_cache_redis_circuit_open [01].0"));
  }

  private static void awaitStored(WebTestClient http) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> put(http).expectBody().returnResult().getStatus().is2xxSuccessful());
  }

  private static void readiness(WebTestClient http, int status, String redis) {
    http.get()
        .uri("/actuator/health/readiness")
        .exchange()
        .expectStatus()
        .isEqualTo(status)
        .expectBody()
        .jsonPath("$.components.redis.status")
        .isEqualTo(redis);
  }

  private static int lookup(WebTestClient http) {
    KvController.Found found =
        http.post()
            .uri("/internal/v1/kv/lookup")
            .bodyValue(Map.of("keys", List.of(KEY)))
            .exchange()
            .expectStatus()
            .isOk()
            .expectBody(KvController.Found.class)
            .returnResult()
            .getResponseBody();
    return found == null ? -1 : found.found();
  }

  private static WebTestClient.ResponseSpec put(WebTestClient http) {
    return http.put()
        .uri("/internal/v1/kv/blocks/" + KEY)
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .bodyValue(KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, new int[] {1}, new byte[100]))
        .exchange();
  }

  private static WebTestClient client(ReactiveWebServerApplicationContext service) {
    int port = service.getWebServer() == null ? -1 : service.getWebServer().getPort();
    return WebTestClient.bindToServer()
        .filter(WholeResponses.READ)
        .baseUrl("http://127.0.0.1:" + port)
        .responseTimeout(Duration.ofSeconds(20))
        .defaultHeader(
            Caller.HEADER,
            new InternalTokens(SECRET)
                .sign(new Caller("acme", "r", 0), InstantSource.system().millis()))
        .build();
  }
}
