package dev.ponder.gateway;

import static dev.ponder.gateway.BadInputTest.assertError;
import static dev.ponder.gateway.TestGateway.KEY_A;
import static dev.ponder.gateway.TestGateway.KEY_B;
import static dev.ponder.gateway.TestGateway.chat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.gateway.TestGateway.Answer;
import dev.ponder.testing.ScriptedServer.Call;
import dev.ponder.testing.ScriptedServer.Reply;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class KeysTest {
  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
  }

  private Answer as(String key, String method, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(gateway.url + path))
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body));
    if (!key.isEmpty()) {
      request.header("Authorization", key);
    }
    return gateway.send(request.build());
  }

  private Answer asKey(String key, String method, String path, String body) {
    return as("Bearer " + key, method, path, body);
  }

  @Test
  void withoutAGoodKeyNothingIsServed() {
    for (String authorization :
        List.of(
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "Bearer " + KEY_A + "x",
            "Bearer " + "x".repeat(5_000),
            "Basic " + KEY_A,
            KEY_A)) {
      Answer answer = as(authorization, "POST", "/v1/chat/completions", chat(""));
      assertError(answer, 401, "invalid_api_key");
      assertThat(answer.json().get("error").get("type").asString())
          .isEqualTo("invalid_request_error");
    }
  }

  @Test
  void noSpellingOfAPathLeadsAroundTheKey() {
    for (String path :
        List.of(
            "/v1/models",
            "/%76%31/models",
            "/v1;a=b/models",
            "/v1/%6dodels",
            "/v1/models/x",
            "/v1/admin/keys",
            "/v1/runs",
            "/v1/nothing",
            "/v1")) {
      assertError(as("", "GET", path, ""), 401, "invalid_api_key");
    }
    for (String path : List.of("//v1/models", "/./v1/models", "/x/../v1/models", "/V1/models")) {
      assertThat(as("", "GET", path, "").status()).as(path).isIn(401, 404);
    }
  }

  @Test
  void theSchemesCaseDoesNotMatter() {
    assertThat(as("bearer " + KEY_A, "GET", "/v1/models", "").status()).isEqualTo(200);
  }

  @Test
  void onlyTheKeySaysWhoseRequestItIs() {
    String forged =
        new InternalTokens(TestGateway.SECRET)
            .sign(new Caller("b", "forged", 0), System.currentTimeMillis());
    HttpRequest request =
        gateway
            .request("/v1/chat/completions")
            .header("Content-Type", "application/json")
            .header(Caller.HEADER, forged)
            .POST(BodyPublishers.ofString(chat(",\"tenant\":\"b\"")))
            .build();
    assertThat(gateway.send(request).status()).isEqualTo(200);

    Call sent = gateway.model.calls("/internal/v1/generate").getLast();
    assertThat(sent.header(Caller.HEADER)).isNotEqualTo(forged);
    assertThat(caller(sent).tenant()).isEqualTo("a");
    assertThat(caller(sent).deadlineMillis()).isPositive();
  }

  @Test
  void aRunOfAnotherTenantIsNotFound() {
    String run = "run_01890000-0000-7000-8000-000000000000";
    gateway.strategy.on(
        "GET",
        "/internal/v1/runs/" + run + "*",
        call ->
            caller(call).tenant().equals("a")
                ? Reply.json(200, "{\"id\":\"" + run + "\"}")
                : Reply.json(
                    404,
                    """
                    {"error":{"message":"no such run","type":"invalid_request_error",\
                    "param":null,"code":"not_found"}}\
                    """));

    for (String part : List.of("", "/tree")) {
      assertThat(asKey(KEY_A, "GET", "/v1/runs/" + run + part, "").status()).isEqualTo(200);
      assertError(asKey(KEY_B, "GET", "/v1/runs/" + run + part, ""), 404, "not_found");
    }
    assertError(asKey(KEY_B, "GET", "/v1/runs/" + run + "/events", ""), 404, "not_found");
    assertError(asKey(KEY_B, "POST", "/v1/runs/" + run + "/cancel", ""), 404, "not_found");
  }

  @Test
  void aKeyIsShownOnceAndKeptAsItsHash() {
    Answer created =
        asKey(
            KEY_A,
            "POST",
            "/v1/admin/keys",
            "{\"name\":\"Ann's laptop\",\"tenant\":\"team-1\",\"role\":\"user\"}");
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    JsonNode json = created.json();
    String secret = json.get("key").asString();
    assertThat(secret).matches("sk-ponder-[A-Za-z0-9_-]{43}");
    assertThat(secret).startsWith(json.get("prefix").asString().replace("...", ""));

    Answer list = asKey(KEY_A, "GET", "/v1/admin/keys", "");
    assertThat(list.body()).contains("Ann's laptop").doesNotContain(secret).doesNotContain("hash");
    assertThat(
            gateway
                .rows(
                    "select encode(key_hash, 'hex') as h, k::text as whole from gateway.api_keys k",
                    rows -> true)
                .toString())
        .doesNotContain(secret);

    assertThat(asKey(secret, "POST", "/v1/chat/completions", chat("")).status()).isEqualTo(200);
    assertThat(caller(gateway.model.calls("/internal/v1/generate").getLast()).tenant())
        .isEqualTo("team-1");
    assertThat(
            gateway.rows(
                "select last_used_at from gateway.api_keys where name = 'Ann''s laptop'"
                    + " and last_used_at is not null",
                rows -> !rows.isEmpty()))
        .isNotEmpty();

    String id = json.get("id").asString();
    Answer revoked = asKey(KEY_A, "DELETE", "/v1/admin/keys/" + id, "");
    assertThat(revoked.status()).isEqualTo(200);
    assertThat(revoked.json().get("revoked_at").isNull()).isFalse();
    assertError(asKey(secret, "GET", "/v1/models", ""), 401, "invalid_api_key");
    assertThat(asKey(KEY_A, "DELETE", "/v1/admin/keys/" + id, "").status())
        .as("again is the same")
        .isEqualTo(200);

    List<Map<String, Object>> audit =
        gateway.rows(
            "select * from gateway.audit_log where target = '" + id + "' order by at",
            rows -> true);
    assertThat(audit)
        .extracting(row -> row.get("action"))
        .containsExactly("key.create", "key.revoke");
    assertThat(audit.getFirst())
        .containsEntry("actor", "a")
        .containsEntry("request_id", created.header("x-request-id"))
        .containsEntry("detail", "user of team-1: Ann's laptop");
    assertThat(audit.toString()).doesNotContain(secret);
  }

  @Test
  void usersDoNotAdministrate() {
    String user =
        asKey(KEY_A, "POST", "/v1/admin/keys", "{\"name\":\"u\",\"tenant\":\"u\"}")
            .json()
            .get("key")
            .asString();
    assertError(asKey(user, "GET", "/v1/admin/keys", ""), 403, "forbidden");
    assertError(
        asKey(user, "POST", "/v1/admin/keys", "{\"name\":\"x\",\"tenant\":\"x\"}"),
        403,
        "forbidden");
    assertError(
        asKey(user, "DELETE", "/v1/admin/keys/" + java.util.UUID.randomUUID(), ""),
        403,
        "forbidden");
    assertThat(asKey(user, "GET", "/v1/models", "").status()).isEqualTo(200);
  }

  @Test
  void badKeysAreNotMade() {
    for (String body :
        List.of(
            "{\"tenant\":\"t\"}",
            "{\"name\":\"n\"}",
            "{\"name\":\"\",\"tenant\":\"t\"}",
            "{\"name\":5,\"tenant\":\"t\"}",
            "{\"name\":\"n\",\"tenant\":\"a|b\"}",
            "{\"name\":\"n\",\"tenant\":\"t\",\"role\":\"root\"}",
            "[]")) {
      assertThat(asKey(KEY_A, "POST", "/v1/admin/keys", body).status()).as(body).isEqualTo(400);
    }
    assertError(asKey(KEY_A, "DELETE", "/v1/admin/keys/x", ""), 404, "not_found");
    assertError(
        asKey(KEY_A, "DELETE", "/v1/admin/keys/" + java.util.UUID.randomUUID(), ""),
        404,
        "not_found");
  }

  private static Caller caller(Call call) {
    return new InternalTokens(TestGateway.SECRET)
        .verify(call.header(Caller.HEADER), System.currentTimeMillis());
  }
}
