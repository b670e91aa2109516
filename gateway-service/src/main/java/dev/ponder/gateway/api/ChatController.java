package dev.ponder.gateway.api;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.Ids;
import dev.ponder.gateway.api.Admission.Admitted;
import dev.ponder.gateway.http.Bodies;
import dev.ponder.gateway.http.SseWriter;
import dev.ponder.gateway.openai.AnswerHead;
import dev.ponder.gateway.openai.ChatAnswer;
import dev.ponder.gateway.openai.ChatBody;
import dev.ponder.gateway.openai.ChatChunks;
import dev.ponder.gateway.openai.RunResult;
import dev.ponder.gateway.openai.Settings;
import dev.ponder.gateway.upstream.Catalog;
import dev.ponder.gateway.upstream.Target;
import dev.ponder.gateway.upstream.Upstreams;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code POST /v1/chat/completions}: from a model, or from a strategy that uses one. */
@RestController
class ChatController {
  private static final String ENDPOINT = "chat";

  private final Bodies bodies;
  private final SseWriter sse;
  private final Catalog catalog;
  private final Upstreams upstreams;
  private final Admission admission;
  private final Ids ids;
  private final Clock clock;
  private final long maxAnswer;

  ChatController(
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

  @PostMapping(path = "/v1/chat/completions", consumes = MediaType.APPLICATION_JSON_VALUE)
  Mono<Void> chat(ServerWebExchange exchange) {
    return bodies
        .read(exchange)
        .map(ChatBody::read)
        .flatMap(body ->
            catalog
                .resolve(body.settings().model(), body.settings().strategy())
                .flatMap(target -> answer(exchange, body, target)));
  }

  private Mono<Void> answer(ServerWebExchange exchange, ChatBody body, Target target) {
    Settings settings = body.settings();
    if (target instanceof Target.Strategy) {
      checkRun(body);
    }
    AnswerHead head = head(settings, target);
    Flux<String> answer =
        admission.admit(
            exchange,
            ENDPOINT,
            settings.model(),
            target,
            1,
            admitted ->
                switch (target) {
                  case Target.Model model ->
                      settings.stream()
                          ? streamed(admitted, body, model, head)
                          : whole(admitted, body, model, head);
                  case Target.Strategy strategy ->
                      settings.stream()
                          ? streamedRun(admitted, body, strategy, head)
                          : wholeRun(admitted, body, strategy, head);
                });
    return settings.stream()
        ? sse.write(exchange, answer)
        : answer.single().flatMap(document -> Bodies.write(exchange, document));
  }

  private Flux<String> streamed(
      Admitted admitted, ChatBody body, Target.Model model, AnswerHead head) {
    Settings settings = body.settings();
    ChatChunks shape =
        new ChatChunks(head, settings.n(), body.topLogprobs(), settings.includeUsage());
    return upstreams
        .generate(admitted.caller(), body.toGenerate(model.id()))
        .doOnNext(admitted.record()::saw)
        .map(event -> SseWriter.data(shape.chunks(0, event)))
        .concatWithValues(SseWriter.DONE);
  }

  private Flux<String> whole(
      Admitted admitted, ChatBody body, Target.Model model, AnswerHead head) {
    return Flux.defer(() -> {
      ChatAnswer shape = new ChatAnswer(head, body.settings().n(), body.topLogprobs(), maxAnswer);
      return upstreams
          .generate(admitted.caller(), body.toGenerate(model.id()))
          .doOnNext(admitted.record()::saw)
          .doOnNext(event -> shape.accept(0, event))
          .then(Mono.fromSupplier(shape::toJson))
          .flux();
    });
  }

  private Flux<String> streamedRun(
      Admitted admitted, ChatBody body, Target.Strategy strategy, AnswerHead head) {
    Settings settings = body.settings();
    ChatChunks shape = new ChatChunks(head, 1, null, settings.includeUsage());
    return upstreams
        .run(admitted.caller(), runRequest(admitted, body, strategy))
        .doOnNext(admitted.record()::saw)
        .map(event -> SseWriter.data(chunks(shape, event, settings.includePonderEvents())))
        .concatWithValues(SseWriter.DONE);
  }

  private static List<String> chunks(ChatChunks shape, RunEvent event, boolean showEvents) {
    List<String> chunks = new ArrayList<>();
    if (showEvents) {
      chunks.addAll(shape.event(event));
    } else if (event.type().equals("told") && !"failure".equals(event.payload().get("result"))) {
      // The client learns that it was heard, and the run's id, before the answer is there; until
      // here the run could still fail with an HTTP status.
      chunks.addAll(shape.begin());
    }
    if (event.type().equals("finished")) {
      RunResult result = RunResult.of(event);
      chunks.addAll(shape.finish(0, result.answer(), result.finishReason()));
      chunks.addAll(shape.usage(result.usage()));
    }
    return chunks;
  }

  private Flux<String> wholeRun(
      Admitted admitted, ChatBody body, Target.Strategy strategy, AnswerHead head) {
    return upstreams
        .run(admitted.caller(), runRequest(admitted, body, strategy))
        .doOnNext(admitted.record()::saw)
        .filter(event -> event.type().equals("finished"))
        .map(event -> ChatAnswer.ofRun(head, RunResult.of(event), admitted.runId()));
  }

  /** What a run cannot do is refused before anything is begun. */
  private static void checkRun(ChatBody body) {
    Settings settings = body.settings();
    if (settings.n() != 1) {
      throw PonderException.invalid(
          "n", settings.n(), "1 with a strategy, which draws its own samples");
    }
    if (body.topLogprobs() != null) {
      throw PonderException.invalid("logprobs", true, "false with a strategy");
    }
    if (body.continueFinalMessage()) {
      throw PonderException.invalid("continue_final_message", true, "false with a strategy");
    }
    List<ChatMessage> messages = body.messages();
    for (int i = 0; i < messages.size(); i++) {
      // A run is kept in PostgreSQL, whose texts cannot hold this character.
      if (messages.get(i).content().indexOf('\0') >= 0) {
        throw PonderException.invalid(
            "messages[" + i + "].content", "holds U+0000", "text without it, with a strategy");
      }
    }
  }

  private static RunRequest runRequest(Admitted admitted, ChatBody body, Target.Strategy strategy) {
    Settings settings = body.settings();
    return new RunRequest(
        admitted.runId(),
        strategy.name(),
        strategy.params(),
        strategy.model(),
        null,
        body.messages(),
        settings.maxTokens(),
        settings.stop(),
        settings.sampling());
  }

  private AnswerHead head(Settings settings, Target target) {
    String name =
        settings.model() != null
            ? settings.model()
            : target instanceof Target.Strategy strategy ? strategy.name() : "";
    return new AnswerHead(ids.chat(), clock.instant().getEpochSecond(), name);
  }
}
