package dev.ponder.strategy.backend;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.ScoreResponse;
import dev.ponder.common.wire.TokenizeRequest;
import dev.ponder.common.wire.TokenizeResponse;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Capabilities;
import dev.ponder.strategy.algorithm.Result;
import dev.ponder.web.InternalClients;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/**
 * Ponder's own model-service. Each sample is a call of its own, so that each can be recorded,
 * resumed and cancelled alone; the common group lets the engine share the prompt's KV among them.
 */
final class ModelServiceBackend implements Backend {
  private final WebClient client;
  private final InternalClients clients;
  private final String defaultModel;

  ModelServiceBackend(InternalClients clients, String url, String defaultModel) {
    this.client = clients.to(url, "model-service");
    this.clients = clients;
    this.defaultModel = defaultModel;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.ALL;
  }

  @Override
  public String defaultModel() {
    return defaultModel;
  }

  @Override
  public Mono<Result> call(Call call, Context context, Spent spent) {
    return switch (call) {
      case Call.Generate generate -> generate(generate, context, spent);
      case Call.Score score -> score(score, context, spent);
    };
  }

  private Mono<Result> generate(Call.Generate call, Context context, Spent spent) {
    GenerateRequest body =
        new GenerateRequest(
            context.model(),
            call.messages(),
            null,
            null,
            false,
            1,
            call.maxTokens(),
            call.stop(),
            call.sampling(),
            call.logprobs() ? 0 : null,
            false,
            null,
            context.group());
    return Mono.defer(() -> {
      Completion completion = new Completion(spent);
      return client
          .post()
          .uri("/internal/v1/generate")
          .headers(clients.as(context.caller()))
          .accept(MediaType.APPLICATION_NDJSON)
          .bodyValue(body)
          .retrieve()
          .bodyToFlux(GenerateEvent.class)
          .doOnNext(event -> take(event, completion))
          .then(Mono.fromSupplier(completion::result));
    });
  }

  private static void take(GenerateEvent event, Completion completion) {
    switch (event) {
      case GenerateEvent.Started e -> completion.prompt(e.promptTokens(), e.cachedTokens());
      case GenerateEvent.Token e -> completion.token(e.text(), e.logprob());
      case GenerateEvent.Finished e -> {
        completion.add(e.text());
        completion.finished(e.reason());
      }
      case GenerateEvent.Completed e -> completion.usage(e.usage());
      case GenerateEvent.Failed e -> throw new OpenAiError(e.error()).toException();
    }
  }

  private Mono<Result> score(Call.Score call, Context context, Spent spent) {
    return client
        .post()
        .uri("/internal/v1/score")
        .headers(clients.as(context.caller()))
        .bodyValue(new ScoreRequest(context.model(), call.messages(), null, call.continuations()))
        .retrieve()
        .bodyToMono(ScoreResponse.class)
        .map(response -> {
          spent.set(response.usage());
          if (response.scores().size() != call.continuations().size()) {
            throw new PonderException(
                ErrorCode.UPSTREAM_FAILED,
                "scores: "
                    + response.scores().size()
                    + " (expected: "
                    + call.continuations().size()
                    + ")");
          }
          return new Result.Scores(
              response.scores().stream().map(ScoreResponse.Score::logprob).toList(),
              response.usage());
        });
  }

  @Override
  public Mono<Integer> countTokens(List<ChatMessage> messages, Context context) {
    return client
        .post()
        .uri("/internal/v1/tokenize")
        .headers(clients.as(context.caller()))
        .bodyValue(new TokenizeRequest(context.model(), null, messages))
        .retrieve()
        .bodyToMono(TokenizeResponse.class)
        .map(response -> response.tokens().size());
  }
}
