package dev.ponder.standalone.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code ponder chat}: a conversation in the terminal, streamed. */
@Command(
    name = "chat",
    description = {
      "Talks to a running Ponder. With words, asks them and ends; without, converses:",
      "/reset forgets the conversation, /exit or Ctrl-D ends it."
    },
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Option(
      names = "--model",
      paramLabel = "ID",
      description =
          "A model or a strategy, as `ponder status` lists them (default: ${DEFAULT-VALUE}).")
  String model = ModelFiles.DEFAULT_MODEL;

  @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
  @Nullable String system;

  @Option(names = "--url", paramLabel = "URL", description = "A Ponder elsewhere; then --key too.")
  @Nullable String url;

  @Option(names = "--key", paramLabel = "KEY", description = "Its API key ($PONDER_API_KEY).")
  @Nullable String key = System.getenv("PONDER_API_KEY");

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 (always the most likely token) to 2 (default: ${DEFAULT-VALUE}).")
  double temperature = 0.7;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "The longest answer (default: ${DEFAULT-VALUE}).")
  int maxTokens = 512;

  @Parameters(arity = "0..*", paramLabel = "WORD", description = "A single question.")
  List<String> words = List.of();

  private final List<Map<String, String>> conversation = new ArrayList<>();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (ApiClient api =
        url == null
            ? ApiClient.local(installationOption.installation())
            : new ApiClient(url, key)) {
      reset();
      if (!words.isEmpty()) {
        ask(api, String.join(" ", words), out);
        return 0;
      }
      out.println("Chat with " + model + ". /reset, /exit.");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (true) {
        out.print("> ");
        out.flush();
        String line = in.readLine();
        if (line == null || line.strip().equals("/exit")) {
          return 0;
        }
        if (line.strip().equals("/reset")) {
          reset();
        } else if (!line.isBlank()) {
          try {
            ask(api, line, out);
          } catch (IOException e) {
            conversation.removeLast();
            spec.commandLine().getErr().println("ponder: " + e.getMessage());
          }
        }
      }
    }
  }

  private void reset() {
    conversation.clear();
    if (system != null) {
      conversation.add(Map.of("role", "system", "content", system));
    }
  }

  private void ask(ApiClient api, String question, PrintWriter out)
      throws IOException, InterruptedException {
    conversation.add(Map.of("role", "user", "content", question));
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", model);
    body.put("messages", conversation);
    body.put("stream", true);
    body.put("temperature", temperature);
    body.put("max_tokens", maxTokens);
    StringBuilder answer = new StringBuilder();
    api.stream(
        "/v1/chat/completions",
        body,
        chunk -> {
          for (JsonNode choice : chunk.path("choices")) {
            String text = choice.path("delta").path("content").asString("");
            answer.append(text);
            out.print(text);
            out.flush();
          }
        });
    out.println();
    conversation.add(Map.of("role", "assistant", "content", answer.toString()));
  }
}
