package dev.ponder.strategy;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.ScoreResponse;
import dev.ponder.common.wire.Timings;
import dev.ponder.common.wire.Usage;
import dev.ponder.testing.ScriptedServer;
import dev.ponder.testing.ScriptedServer.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Scripts a {@link ScriptedServer} to speak as the model-service does. */
public final class ScriptedModel {
  public static final String GENERATE = "/internal/v1/generate";
  public static final String SCORE = "/internal/v1/score";
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Timings TIMINGS = new Timings(0, 0, 0, 0, 0);

  private ScriptedModel() {}

  public static GenerateRequest request(ScriptedServer.Call call) {
    return JSON.readValue(call.body(), GenerateRequest.class);
  }

  /** Answers each completion with a text; every word is a token. */
  public static void answers(ScriptedServer server, Function<GenerateRequest, String> text) {
    server.on("POST", GENERATE, call -> completion(text.apply(request(call)), -0.5));
  }

  /** A completion of the words of a text, all with the same log-probability. */
  public static Reply completion(String text, double logprob) {
    List<String> lines = new ArrayList<>();
    lines.add(line(new GenerateEvent.Started("scripted", 10, 4)));
    String[] words = text.isEmpty() ? new String[0] : text.split("(?<= )", -1);
    for (int i = 0; i < words.length; i++) {
      lines.add(line(new GenerateEvent.Token(0, i, words[i], logprob, null)));
    }
    lines.add(line(new GenerateEvent.Finished(0, "stop", "")));
    lines.add(line(new GenerateEvent.Completed(new Usage(10, words.length, 4), TIMINGS)));
    return Reply.ndjson(Flux.fromIterable(lines));
  }

  /** A completion that begins and never ends. */
  public static Reply hanging() {
    return Reply.ndjson(
        Flux.just(
                line(new GenerateEvent.Started("scripted", 10, 4)),
                line(new GenerateEvent.Token(0, 1, "Hm", -0.5, null)))
            .concatWith(Flux.never()));
  }

  /** A completion that waits for a signal before it ends. */
  public static Reply completionAfter(Mono<?> signal, String text) {
    return Reply.ndjson(
        Flux.just(line(new GenerateEvent.Started("scripted", 10, 4)))
            .concatWith(
                signal.thenMany(
                    Flux.just(
                        line(new GenerateEvent.Token(0, 1, text, -0.5, null)),
                        line(new GenerateEvent.Finished(0, "stop", "")),
                        line(new GenerateEvent.Completed(new Usage(10, 1, 4), TIMINGS))))));
  }

  /** A completion that ends with an error line after a token. */
  public static Reply breaking(String code) {
    return Reply.ndjson(
        Flux.just(
            line(new GenerateEvent.Started("scripted", 10, 4)),
            line(new GenerateEvent.Token(0, 1, "Hm", -0.5, null)),
            "{\"type\":\"error\",\"error\":{\"message\":\"it broke\",\"type\":\"server_error\","
                + "\"param\":null,\"code\":\""
                + code
                + "\"}}"));
  }

  /** Scores: the log-probability of Yes as a function of the request; that of No is -1. */
  public static void scores(ScriptedServer server, Function<ScoreRequest, Double> yes) {
    server.on(
        "POST",
        SCORE,
        call -> {
          ScoreRequest request = JSON.readValue(call.body(), ScoreRequest.class);
          List<ScoreResponse.Score> scores =
              request.continuations().stream()
                  .map(c -> c.equals("Yes") ? yes.apply(request) : -1.0)
                  .map(logprob -> new ScoreResponse.Score(logprob, List.of(1), List.of(logprob)))
                  .toList();
          return Reply.json(
              200,
              JSON.writeValueAsString(new ScoreResponse("scripted", scores, new Usage(20, 0, 10))));
        });
  }

  private static String line(GenerateEvent event) {
    return JSON.writeValueAsString(event);
  }
}
