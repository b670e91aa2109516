package dev.ponder.standalone.command;

import dev.ponder.standalone.Installation;
import dev.ponder.standalone.RunningInstance;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Speaks to a Ponder's public API. Not thread-safe. */
final class ApiClient implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final String url;
  private final @Nullable String key;

  ApiClient(String url, @Nullable String key) {
    this.url = url.replaceAll("/+$", "");
    this.key = key;
  }

  /** Returns a client of the Ponder that runs on {@code installation}, with its own key. */
  static ApiClient local(Installation installation, RunningInstance.Address address)
      throws IOException {
    return new ApiClient(address.url(), address.auth() ? installation.apiKey("cli") : null);
  }

  /** Returns a client of the running Ponder, or says that there is none. */
  static ApiClient local(Installation installation) throws IOException {
    Optional<RunningInstance.Address> running = RunningInstance.find(installation);
    if (running.isEmpty()) {
      throw new IOException("Ponder is not running; start it with `ponder up`");
    }
    return local(installation, running.get());
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    return answer(request(path).timeout(Duration.ofSeconds(30)).GET().build());
  }

  JsonNode post(String path, Object body) throws IOException, InterruptedException {
    return answer(
        request(path)
            .timeout(Duration.ofSeconds(30))
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build());
  }

  /**
   * Posts and hands each server-sent event's data to {@code events} as it comes, until {@code
   * [DONE]}.
   */
  void stream(String path, Object body, Consumer<JsonNode> events)
      throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        client.send(
            request(path)
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                .build(),
            HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() != 200) {
        throw failure(response.statusCode(), String.join("\n", lines.toList()));
      }
      for (String line : (Iterable<String>) lines::iterator) {
        if (!line.startsWith("data:")) {
          continue;
        }
        String data = line.substring("data:".length()).strip();
        if (data.equals("[DONE]")) {
          return;
        }
        JsonNode event = JSON.readTree(data);
        if (event.has("error")) {
          throw failure(200, data);
        }
        events.accept(event);
      }
    }
  }

  @Override
  public void close() {
    client.close();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(url + path)).header("Content-Type", "application/json");
    if (key != null) {
      builder.header("Authorization", "Bearer " + key);
    }
    return builder;
  }

  private JsonNode answer(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    if (response.statusCode() / 100 != 2) {
      throw failure(response.statusCode(), response.body());
    }
    return JSON.readTree(response.body());
  }

  private static IOException failure(int status, String body) {
    String message = body;
    try {
      message = JSON.readTree(body).path("error").path("message").asString(body);
    } catch (RuntimeException e) {
      // not JSON: shown as it is
    }
    return new IOException("the server answered " + status + ": " + message);
  }
}
