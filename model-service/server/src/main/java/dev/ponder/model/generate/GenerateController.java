package dev.ponder.model.generate;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.ScoreRequest;
import dev.ponder.common.wire.ScoreResponse;
import dev.ponder.common.wire.TokenizeRequest;
import dev.ponder.common.wire.TokenizeResponse;
import dev.ponder.engine.tokenizer.Tokenizer;
import dev.ponder.model.registry.PromptEncoder;
import dev.ponder.web.Callers;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code /internal/v1/generate}, {@code /score} and {@code /tokenize}. */
@RestController
@RequestMapping("/internal/v1")
class GenerateController {
  private final Generator generator;
  private final Scorer scorer;
  private final ModelAccess models;
  private final Scheduler promptScheduler;

  GenerateController(
      Generator generator, Scorer scorer, ModelAccess models, Scheduler promptScheduler) {
    this.generator = generator;
    this.scorer = scorer;
    this.models = models;
    this.promptScheduler = promptScheduler;
  }

  /** Answers with a stream of {@link GenerateEvent} lines. */
  @PostMapping("/generate")
  ResponseEntity<Flux<GenerateEvent>> generate(
      @RequestBody GenerateRequest request, ServerWebExchange exchange) {
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_NDJSON)
        .body(generator.generate(request, Callers.of(exchange)));
  }

  @PostMapping("/score")
  Mono<ScoreResponse> score(@RequestBody ScoreRequest request, ServerWebExchange exchange) {
    return scorer.score(request, Callers.of(exchange));
  }

  @PostMapping("/tokenize")
  Mono<TokenizeResponse> tokenize(
      @RequestBody TokenizeRequest request, ServerWebExchange exchange) {
    return Mono.defer(() -> {
      check(request);
      return models
          .use(
              request.model(),
              Callers.of(exchange),
              lease ->
                  Flux.defer(() -> Flux.just(tokens(request, lease.model().prompts())))
                      .subscribeOn(promptScheduler))
          .next();
    });
  }

  private static void check(TokenizeRequest request) {
    Checks.model(request.model());
    Checks.exactlyOne("text, messages", request.text(), request.messages());
    List<ChatMessage> messages = request.messages();
    if (messages != null) {
      Checks.messages(messages);
    }
  }

  private static TokenizeResponse tokens(TokenizeRequest request, PromptEncoder encoder) {
    List<ChatMessage> messages = request.messages();
    String text = request.text();
    if (messages == null && text == null) {
      throw PonderException.missing("text", "text or messages");
    }
    int[] ids =
        messages != null
            ? encoder.conversation(messages, false)
            : encoder.text("text", text == null ? "" : text);
    Tokenizer tokenizer = encoder.tokenizer();
    List<String> pieces =
        IntStream.of(ids)
            .mapToObj(id ->
                tokenizer.isControl(id) ? tokenizer.piece(id) : tokenizer.decode(new int[] {id}))
            .toList();
    return new TokenizeResponse(request.model(), IntStream.of(ids).boxed().toList(), pieces);
  }
}
