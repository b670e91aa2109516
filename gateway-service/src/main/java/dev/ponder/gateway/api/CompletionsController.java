package dev.ponder.gateway.api;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.Ids;
import dev.ponder.gateway.api.Admission.Admitted;
import dev.ponder.gateway.http.Bodies;
import dev.ponder.gateway.http.SseWriter;
import dev.ponder.gateway.openai.AnswerHead;
import dev.ponder.gateway.openai.CompletionAnswer;
import dev.ponder.gateway.openai.CompletionBody;
import dev.ponder.gateway.openai.CompletionChunks;
import dev.ponder.gateway.openai.Settings;
import dev.ponder.gateway.upstream.Catalog;
import dev.ponder.gateway.upstream.Target;
import dev.ponder.gateway.upstream.Upstreams;
import java.time.Clock;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code POST /v1/completions}: raw text or token ids, one prompt or several. */
@RestController
class CompletionsController {
  /** Prompts of one request that are generated at a time. */
  private static final int AT_ONCE = 4;

  private static final int PREFETCH = 32;

  private final Bodies bodies;
  private final SseWriter sse;
  private final Catalog catalog;
  private final Upstreams upstreams;
  private final Admission admission;
  private final Ids ids;
  private final Clock clock;
  private final long maxAnswer;

  CompletionsController(
      Bodies bodies,
      SseWriter sse,
      Catalog catalog,
      Upstreams upstreams,
      Admission admission,
      Ids ids,
      Clock clock,
      GatewayProperties properties) {
    this.bodies = bodies;
    this.sse = sse;
    this.catalog = catalog;
    this.upstreams = upstreams;
    this.admission = admission;
    this.ids = ids;
    this.clock = clock;
    this.maxAnswer = properties.maxAnswer();
  }

  @PostMapping(path = "/v1/completions", consumes = MediaType.APPLICATION_JSON_VALUE)
  Mono<Void> complete(ServerWebExchange exchange) {
    return bodies
        .read(exchange)
        .map(CompletionBody::read)
        .flatMap(body ->
            catalog
                .resolve(body.settings().model(), body.settings().strategy())
                .flatMap(target -> answer(exchange, body, target)));
  }

  private Mono<Void> answer(ServerWebExchange exchange, CompletionBody body, Target target) {
    if (!(target instanceof Target.Model model)) {
      return Mono.error(
          PonderException.invalid(
              "model", body.settings().model(), "a model: strategies answer chats only"));
    }
    Settings settings = body.settings();
    AnswerHead head =
        new AnswerHead(ids.completion(), clock.instant().getEpochSecond(), model.id());
    Flux<String> answer =
        admission.admit(
            exchange,
            "text_completion",
            settings.model(),
            target,
            body.prompts().size(),
            admitted ->
                settings.stream()
                    ? streamed(admitted, body, model, head)
                    : whole(admitted, body, model, head));
    return settings.stream()
        ? sse.write(exchange, answer)
        : answer.single().flatMap(document -> Bodies.write(exchange, document));
  }

  /** An event and the prompt it belongs to. */
  private record Indexed(int prompt, GenerateEvent event) {}

  private Flux<Indexed> events(Admitted admitted, CompletionBody body, Target.Model model) {
    int prompts = body.prompts().size();
    // A single prompt, the usual case, needs no merging, which would let an error overtake tokens.
    Flux<Indexed> events =
        prompts == 1
            ? events(admitted, body, model, 0)
            : Flux.range(0, prompts)
                .flatMap(i -> events(admitted, body, model, i), AT_ONCE, PREFETCH);
    return events.doOnNext(indexed -> admitted.record().saw(indexed.event()));
  }

  private Flux<Indexed> events(
      Admitted admitted, CompletionBody body, Target.Model model, int prompt) {
    return upstreams
        .generate(admitted.caller(), body.toGenerate(model.id(), body.prompts().get(prompt)))
        .map(event -> new Indexed(prompt, event));
  }

  private Flux<String> streamed(
      Admitted admitted, CompletionBody body, Target.Model model, AnswerHead head) {
    Settings settings = body.settings();
    CompletionChunks shape =
        new CompletionChunks(
            head, body.prompts().size(), settings.n(), body.topLogprobs(), settings.includeUsage());
    return events(admitted, body, model)
        .map(each -> SseWriter.data(shape.chunks(each.prompt(), each.event())))
        .concatWithValues(SseWriter.DONE);
  }

  private Flux<String> whole(
      Admitted admitted, CompletionBody body, Target.Model model, AnswerHead head) {
    CompletionAnswer shape =
        new CompletionAnswer(
            head, body.prompts().size(), body.settings().n(), body.topLogprobs(), maxAnswer);
    return events(admitted, body, model)
        .doOnNext(each -> shape.accept(each.prompt(), each.event()))
        .then(Mono.fromSupplier(shape::toJson))
        .flux();
  }
}
