package dev.ponder.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.kv.KvFrame;
import dev.ponder.testing.RealServers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.function.BodyInserters;
import reactor.core.publisher.Flux;

@SpringBootTest(
    classes = CacheService.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.config.name=cache-service",
      "ponder.internal.secret=a secret for the tests",
      "ponder.cache.tenant-bytes=3MB",
      "ponder.cache.max-block=2MB",
      "ponder.cache.max-response=10KB"
    })
class CacheServiceTest {
  private static final AtomicInteger TENANTS = new AtomicInteger();

  @LocalServerPort private int port;
  @Autowired private InternalTokens tokens;
  @Autowired private Clock clock;
  private final String tenant = "http" + TENANTS.incrementAndGet();

  @DynamicPropertySource
  static void redis(DynamicPropertyRegistry registry) {
    registry.add("spring.data.redis.port", RealServers::redisPort);
  }

  @Test
  void aBlockComesBackAsItWasSent() {
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      byte[] frame = frame(i, 200_000 + i);
      frames.add(frame);
      put(tenant, key(i), frame).expectStatus().isNoContent();
    }
    assertThat(lookup(tenant, 0, 1, 2, 3, 4, 5)).isEqualTo(5);
    List<byte[]> back = fetch(tenant, 0, 1, 2, 3, 4, 5);
    assertThat(back).hasSize(5);
    for (int i = 0; i < 5; i++) {
      assertThat(back.get(i)).isEqualTo(frames.get(i));
    }
  }

  @Test
  void anotherTenantAndNoTokenGetNothing() {
    put(tenant, key(0), frame(0, 100)).expectStatus().isNoContent();
    assertThat(lookup(tenant + "-other", 0)).isZero();
    assertThat(fetch(tenant + "-other", 0)).isEmpty();
    as(tenant + "-other")
        .delete()
        .uri("/internal/v1/kv")
        .exchange()
        .expectBody(String.class)
        .isEqualTo("{\"deleted\":0}");
    assertThat(lookup(tenant, 0)).isEqualTo(1);
    for (String path : List.of("/internal/v1/kv/stats", "/internal/v1/responses/" + key(0))) {
      plain().get().uri(path).exchange().expectStatus().isForbidden();
    }
    String foreign =
        new InternalTokens("another secret, as long")
            .sign(new Caller(tenant, "r", 0), clock.millis());
    plain()
        .get()
        .uri("/internal/v1/kv/stats")
        .header(Caller.HEADER, foreign)
        .exchange()
        .expectStatus()
        .isForbidden();
  }

  @Test
  void aFrameThatIsDamagedOrOfAnotherKeyIsNeverStored() {
    byte[] frame = frame(0, 1000);
    frame[500] ^= 1;
    put(tenant, key(0), frame)
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.error.message")
        .value(String.class, m -> assertThat(m).contains("checksum"));
    put(tenant, key(1), frame(0, 1000))
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.error.param")
        .isEqualTo("key");
    put(tenant, key(0), Arrays.copyOf(frame(0, 1000), 900)).expectStatus().isBadRequest();
    put(tenant, key(0), new byte[0])
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.error.code")
        .isEqualTo("invalid_json");
    assertThat(lookup(tenant, 0)).isZero();
    assertThat(lookup(tenant, 1)).isZero();
  }

  @Test
  void sizesAreLimited() {
    put(tenant, key(0), frame(0, 2 << 20)).expectStatus().isEqualTo(413);
    put(tenant, key(0), new byte[KvFrame.MAX_FRAME_BYTES + 1]).expectStatus().isEqualTo(413);
    Flux<DataBuffer> endless =
        Flux.range(0, 30).map(i -> DefaultDataBufferFactory.sharedInstance.wrap(new byte[1 << 20]));
    as(tenant)
        .put()
        .uri("/internal/v1/kv/blocks/" + key(0))
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .body(BodyInserters.fromDataBuffers(endless))
        .exchange()
        .expectStatus()
        .isEqualTo(413);
    assertThat(lookup(tenant, 0)).isZero();
  }

  @Test
  void aboveTheQuotaOlderBlocksMakeRoom() {
    for (int i = 0; i < 5; i++) {
      put(tenant, key(i), frame(i, 1_000_000)).expectStatus().isNoContent();
    }
    as(tenant)
        .get()
        .uri("/internal/v1/kv/stats")
        .exchange()
        .expectBody()
        .jsonPath("$.blocks")
        .isEqualTo(3)
        .jsonPath("$.quotaBytes")
        .isEqualTo(3 << 20)
        .jsonPath("$.bytes")
        .value(Integer.class, bytes -> assertThat(bytes).isBetween(3_000_000, 3 << 20));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POST | /lookup | {} | 400 | missing_required_parameter
          POST | /lookup | {"keys":[]} | 400 | invalid_value
          POST | /lookup | {"keys":[null]} | 400 | invalid_value
          POST | /lookup | {"keys":["abc"]} | 400 | invalid_value
          POST | /lookup | {"keys":["../../../../../../../../../../../../../../../../../../../../etc"]} | 400 | invalid_value
          POST | /fetch | {"keys":"x"} | 400 | invalid_json
          POST | /fetch | [ | 400 | invalid_json
          GET | /fetch | {} | 405 | method_not_allowed
          PUT | /blocks/xyz | {} | 415 | unsupported_media_type
          DELETE | /blocks/xyz | {} | 400 | invalid_value
          """)
  void aBadRequestIsAnsweredInOpenAisShape(
      String method, String path, String body, int status, String code) {
    as(tenant)
        .method(HttpMethod.valueOf(method))
        .uri("/internal/v1/kv" + path)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(body)
        .exchange()
        .expectStatus()
        .isEqualTo(status)
        .expectBody()
        .jsonPath("$.error.code")
        .isEqualTo(code);
  }

  @Test
  void tooManyKeysAreRefused() {
    as(tenant)
        .post()
        .uri("/internal/v1/kv/lookup")
        .bodyValue(Map.of("keys", java.util.Collections.nCopies(BlockKey.MAX_KEYS + 1, key(0))))
        .exchange()
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.error.message")
        .isEqualTo("keys: 8193 keys (expected: 1 to 8192)");
    as(tenant)
        .post()
        .uri("/internal/v1/kv/lookup")
        .bodyValue(Map.of("keys", java.util.Collections.nCopies(BlockKey.MAX_KEYS, key(0))))
        .exchange()
        .expectStatus()
        .isOk();
  }

  @Test
  void aBlockAndANamespaceAreDeleted() {
    for (int i = 0; i < 3; i++) {
      put(tenant, key(i), frame(i, 100)).expectStatus().isNoContent();
    }
    as(tenant)
        .delete()
        .uri("/internal/v1/kv/blocks/" + key(1))
        .exchange()
        .expectStatus()
        .isNoContent();
    assertThat(lookup(tenant, 0, 1, 2)).isEqualTo(1);
    as(tenant)
        .delete()
        .uri("/internal/v1/kv")
        .exchange()
        .expectBody(String.class)
        .isEqualTo("{\"deleted\":2}");
    assertThat(lookup(tenant, 0)).isZero();
  }

  @Test
  void recordedResponsesAreKeptPerTenant() {
    String uri = "/internal/v1/responses/" + key(7);
    as(tenant).get().uri(uri).exchange().expectStatus().isNotFound();
    String answer = "{\"text\":\"caf\u00e9\",\"list\":[1,2]}";
    respond(uri, answer).expectStatus().isNoContent();
    as(tenant)
        .get()
        .uri(uri)
        .exchange()
        .expectStatus()
        .isOk()
        .expectHeader()
        .contentTypeCompatibleWith(MediaType.APPLICATION_JSON)
        .expectBody(String.class)
        .isEqualTo(answer);
    as(tenant + "-other").get().uri(uri).exchange().expectStatus().isNotFound();
    respond(uri, "{\"a\":\"" + "x".repeat(20_000) + "\"}").expectStatus().isEqualTo(413);
    for (String bad : List.of("{", "nope", "{} {}", " ", "[".repeat(5000))) {
      respond(uri, bad).expectStatus().isBadRequest();
    }
    as(tenant).get().uri(uri).exchange().expectBody(String.class).isEqualTo(answer);
    as(tenant).delete().uri("/internal/v1/responses").exchange().expectStatus().isOk();
    as(tenant).get().uri(uri).exchange().expectStatus().isNotFound();
  }

  @Test
  void probesAndMetricsAreThereWithoutAToken() {
    for (String path : List.of("/actuator/health/liveness", "/actuator/health/readiness")) {
      plain()
          .get()
          .uri(path)
          .exchange()
          .expectStatus()
          .isOk()
          .expectBody()
          .jsonPath("$.status")
          .isEqualTo("UP");
    }
    lookup(tenant, 0);
    plain()
        .get()
        .uri("/actuator/prometheus")
        .exchange()
        .expectBody(String.class)
        .value(text ->
            assertThat(text)
                .contains("ponder_cache_blocks_total{result=\"miss\"}")
                .contains("ponder_cache_redis_circuit_open 0.0"));
  }

  private WebTestClient plain() {
    return WebTestClient.bindToServer()
        .filter(WholeResponses.READ)
        .baseUrl("http://127.0.0.1:" + port)
        .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(64 << 20))
        .build();
  }

  private WebTestClient as(String who) {
    String token = tokens.sign(new Caller(who, "r", 0), clock.millis());
    return plain().mutate().defaultHeader(Caller.HEADER, token).build();
  }

  private WebTestClient.ResponseSpec put(String who, String key, byte[] frame) {
    return as(who)
        .put()
        .uri("/internal/v1/kv/blocks/" + key)
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .bodyValue(frame)
        .exchange();
  }

  private WebTestClient.ResponseSpec respond(String uri, String body) {
    return as(tenant)
        .put()
        .uri(uri)
        .contentType(MediaType.APPLICATION_JSON)
        .bodyValue(body)
        .exchange();
  }

  private int lookup(String who, int... keys) {
    KvController.Found found =
        as(who)
            .post()
            .uri("/internal/v1/kv/lookup")
            .bodyValue(Map.of("keys", BlockStoreContract.keys(keys)))
            .exchange()
            .expectStatus()
            .isOk()
            .expectBody(KvController.Found.class)
            .returnResult()
            .getResponseBody();
    return found == null ? -1 : found.found();
  }

  private List<byte[]> fetch(String who, int... keys) {
    byte[] body =
        as(who)
            .post()
            .uri("/internal/v1/kv/fetch")
            .bodyValue(Map.of("keys", BlockStoreContract.keys(keys)))
            .exchange()
            .expectStatus()
            .isOk()
            .expectHeader()
            .contentType(MediaType.APPLICATION_OCTET_STREAM)
            .expectBody()
            .returnResult()
            .getResponseBody();
    List<byte[]> frames = new ArrayList<>();
    if (body != null) {
      ByteBuffer rest = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
      while (rest.hasRemaining()) {
        byte[] frame = new byte[rest.getInt()];
        rest.get(frame);
        frames.add(frame);
      }
    }
    return frames;
  }

  private static String key(int i) {
    return BlockStoreContract.key(i);
  }

  private static byte[] frame(int i, int payloadBytes) {
    byte[] payload = new byte[payloadBytes];
    new SplittableRandom(i).nextBytes(payload);
    return KvFrame.encode(key(i), KvFrame.DTYPE_F16, 2, i * 4, new int[] {1, 2, 3, i}, payload);
  }
}
