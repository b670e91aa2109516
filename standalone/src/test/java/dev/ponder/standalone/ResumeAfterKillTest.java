package dev.ponder.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.standalone.command.Ponder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JVM dies by SIGKILL in the middle of a run; the next start finishes the run. */
@Tag("real-model")
class ResumeAfterKillTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir Path data;

  @Test
  void finishesTheRunWithoutPayingACallTwice() throws Exception {
    Installation installation = new Installation(data);
    installation.prepare();
    Files.createSymbolicLink(
        installation.models().resolve(RunningPlatform.MODEL + ".gguf"),
        RunningPlatform.modelFile());

    Process first = up("first.log");
    String run;
    Map<String, Integer> toldBefore;
    try {
      String url = url(first, "first.log");
      HttpResponse<InputStream> response =
          HTTP.send(
              HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
                  .header("Content-Type", "application/json")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          """
                          {"model":"best_of_n","stream":true,"max_tokens":120,
                           "strategy":{"name":"best_of_n","n":12,"parallelism":2},
                           "messages":[{"role":"user","content":"Tell me a long story."}]}
                          """))
                  .build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      run = response.headers().firstValue("x-ponder-run-id").orElseThrow();
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> answeredNodes(url, run).size() >= 2);
      toldBefore = answeredNodes(url, run);
    } finally {
      first.destroyForcibly().waitFor();
    }
    assertThat(toldBefore.size()).as("killed before the run was over").isLessThan(12);

    Process second = up("second.log");
    try {
      String url = url(second, "second.log");
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(200))
          .until(() -> !get(url, "/v1/runs/" + run).path("status").asString().equals("running"));
      JsonNode view = get(url, "/v1/runs/" + run);

      assertThat(view.path("status").asString()).as(view.toString()).isEqualTo("finished");
      assertThat(view.path("answer").asString()).isNotBlank();
      Map<String, Integer> attempts = answeredNodes(url, run);
      for (String node : toldBefore.keySet()) {
        assertThat(attempts.get(node)).as("calls paid for %s", node).isEqualTo(1);
      }
      // The control: what was under way when the JVM died had no answer in the log, and was asked
      // again.
      assertThat(attempts.values()).contains(2);
    } finally {
      second.destroy();
      if (!second.waitFor(60, TimeUnit.SECONDS)) {
        second.destroyForcibly();
      }
    }
    assertThat(serversOf(data)).isEmpty();
  }

  private Process up(String log) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(
        List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Ponder.class.getName()));
    command.addAll(List.of("up", "--data", data.toString(), "--port", "0", "--no-auth"));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(data.resolve(log).toFile())
        .start();
  }

  private String url(Process process, String log) throws IOException {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> !process.isAlive() || RunningInstance.find(new Installation(data)).isPresent());
    return RunningInstance.find(new Installation(data))
        .orElseThrow(() -> {
          try {
            return new AssertionError(Files.readString(data.resolve(log)));
          } catch (IOException e) {
            return new AssertionError(e);
          }
        })
        .url();
  }

  /** Returns how often each node that has an answer was sent upstream. */
  private static Map<String, Integer> answeredNodes(String url, String run) throws Exception {
    Map<String, Integer> attempts = new TreeMap<>();
    for (JsonNode node : get(url, "/v1/runs/" + run + "/tree").path("nodes")) {
      if (List.of("told", "kept", "pruned").contains(node.path("status").asString())) {
        attempts.put(node.path("id").asString(), node.path("attempts").asInt());
      }
    }
    return attempts;
  }

  private static JsonNode get(String url, String path) throws Exception {
    HttpResponse<String> response =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(url + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static List<String> serversOf(Path data) {
    return ProcessHandle.allProcesses()
        .filter(ProcessHandle::isAlive)
        .map(p -> p.info().commandLine().orElse(""))
        .filter(line -> line.contains(data + "/"))
        .toList();
  }
}
