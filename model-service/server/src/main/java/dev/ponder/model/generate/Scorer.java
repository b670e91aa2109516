package dev.ponder.model.generate;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.ScoreResponse;
import dev.ponder.common.wire.Usage;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import dev.ponder.model.registry.Lease;
import dev.ponder.model.registry.LoadedModel;
import dev.ponder.model.registry.PromptEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Computes how likely given continuations of a prompt are. */
@Component
class Scorer {
  private static final int MOST_CONTINUATIONS = 64;
  private static final Scheduler DELIVERIES = Schedulers.parallel();

  private final ModelAccess models;
  private final Scheduler promptScheduler;

  Scorer(ModelAccess models, Scheduler promptScheduler) {
    this.models = models;
    this.promptScheduler = promptScheduler;
  }

  Mono<ScoreResponse> score(ScoreRequest request, Caller caller) {
    return Mono.defer(() -> {
      check(request);
      return models
          .use(
              request.model(),
              caller,
              lease -> Flux.defer(() -> score(request, lease, caller)).subscribeOn(promptScheduler))
          .next();
    });
  }

  private static void check(ScoreRequest request) {
    Checks.model(request.model());
    Checks.exactlyOne("messages, prompt", request.messages(), request.prompt());
    List<ChatMessage> messages = request.messages();
    if (messages != null) {
      Checks.messages(messages);
    }
    @Nullable List<? extends @Nullable String> continuations = request.continuations();
    if (continuations == null) {
      throw PonderException.missing("continuations", "1 to 64 texts");
    }
    Checks.range("number of continuations", continuations.size(), 1, MOST_CONTINUATIONS);
    for (int i = 0; i < continuations.size(); i++) {
      String each = continuations.get(i);
      if (each == null || each.isEmpty()) {
        throw PonderException.invalid("continuations[" + i + "]", "empty", "text");
      }
    }
  }

  private static Flux<ScoreResponse> score(ScoreRequest request, Lease lease, Caller caller) {
    LoadedModel model = lease.model();
    PromptEncoder encoder = model.prompts();
    List<ChatMessage> messages = request.messages();
    String text = request.prompt();
    int[] prompt =
        messages != null
            ? encoder.conversation(messages, false)
            : encoder.text("prompt", text == null ? "" : text);
    if (prompt.length == 0) {
      throw PonderException.invalid("prompt", "empty", "at least one token");
    }
    List<int[]> continuations = new ArrayList<>();
    int tokens = prompt.length;
    for (int i = 0; i < request.continuations().size(); i++) {
      String name = "continuations[" + i + "]";
      int[] ids = encoder.continuation(name, request.continuations().get(i));
      requireContext(name, prompt.length, ids.length, model.info().contextLength());
      continuations.add(ids);
      tokens += ids.length;
    }
    int all = tokens;
    try {
      return Flux.from(
              Mono.fromFuture(model.score(prompt, continuations, new Namespace(caller.tenant()))))
          .publishOn(DELIVERIES) // off the engine's thread, which has steps to compute
          .map(result -> response(request.model(), continuations, result, all))
          .onErrorMap(EngineException.class, EngineErrors::translate);
    } catch (EngineException e) {
      throw EngineErrors.translate(e);
    }
  }

  private static void requireContext(String name, int prompt, int continuation, int context) {
    if ((long) prompt + continuation > context) {
      throw new PonderException(
          ErrorCode.CONTEXT_TOO_LONG,
          name
              + ": "
              + prompt
              + " + "
              + continuation
              + " tokens (expected: at most the model's context of "
              + context
              + ")",
          name,
          null,
          null);
    }
  }

  private static ScoreResponse response(
      String model, List<int[]> continuations, ScoreResult result, int tokens) {
    List<ScoreResponse.Score> scores = new ArrayList<>();
    for (int i = 0; i < continuations.size(); i++) {
      ScoreResult.Score score = result.scores().get(i);
      scores.add(
          new ScoreResponse.Score(
              score.logprob(),
              IntStream.of(continuations.get(i)).boxed().toList(),
              score.tokenLogprobs()));
    }
    return new ScoreResponse(model, scores, new Usage(tokens, 0, result.cachedTokens()));
  }
}
