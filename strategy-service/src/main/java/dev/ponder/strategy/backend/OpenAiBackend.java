package dev.ponder.strategy.backend;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Usage;
import dev.ponder.strategy.StrategyProperties.Endpoint;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Capabilities;
import dev.ponder.strategy.algorithm.Result;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Any server that speaks OpenAI's chat completions. It is asked for a stream, so that a cancelled
 * call stops generating; an answer in one piece is understood as well. The address is the
 * operator's: callers choose an endpoint by name and can never give a URL.
 */
final class OpenAiBackend implements Backend {
  private static final String DONE = "[DONE]";

  private final String name;
  private final WebClient client;
  private final Endpoint endpoint;
  private final JsonMapper json;

  OpenAiBackend(String name, WebClient.Builder builder, Endpoint endpoint, JsonMapper json) {
    WebClient.Builder own = builder.clone().baseUrl(endpoint.baseUrl());
    String key = endpoint.apiKey();
    if (key != null) {
      own.defaultHeaders(headers -> headers.setBearerAuth(key));
    }
    this.name = name;
    this.client = own.build();
    this.endpoint = endpoint;
    this.json = json;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, endpoint.logprobs());
  }

  @Override
  public String defaultModel() {
    return endpoint.model();
  }

  @Override
  public Mono<Integer> countTokens(List<ChatMessage> messages, Context context) {
    return Mono.empty();
  }

  @Override
  public Mono<Result> call(Call call, Context context, Spent spent) {
    return switch (call) {
      case Call.Generate generate -> generate(generate, context, spent);
      case Call.Score score ->
          Mono.error(new IllegalStateException(name + ": asked to score, which it cannot"));
    };
  }

  private Mono<Result> generate(Call.Generate call, Context context, Spent spent) {
    return Mono.defer(() -> {
      Completion completion = new Completion(spent);
      return client
          .post()
          .uri("/chat/completions")
          .contentType(MediaType.APPLICATION_JSON)
          .accept(MediaType.TEXT_EVENT_STREAM, MediaType.APPLICATION_JSON)
          .bodyValue(Body.of(call, context.model()))
          .exchangeToFlux(this::pieces)
          .takeUntil(DONE::equals)
          .doOnNext(piece -> take(piece, completion))
          .onErrorMap(WebClientRequestException.class, this::unreachable)
          .then(Mono.fromSupplier(completion::result));
    });
  }

  private Flux<String> pieces(ClientResponse response) {
    if (response.statusCode().isError()) {
      return response
          .bodyToMono(String.class)
          .onErrorReturn("")
          .defaultIfEmpty("")
          .flatMapMany(body -> Flux.error(refused(response, body)));
    }
    return response.bodyToFlux(String.class);
  }

  private void take(String piece, Completion completion) {
    if (piece.equals(DONE)) {
      return;
    }
    JsonNode root;
    try {
      root = json.readTree(piece);
    } catch (JacksonException e) {
      throw new PonderException(ErrorCode.UPSTREAM_FAILED, name + ": sent what is not JSON", e);
    }
    if (root.hasNonNull("error")) {
      throw new PonderException(ErrorCode.UPSTREAM_FAILED, name + ": " + shortened(message(root)));
    }
    JsonNode choice = root.path("choices").path(0);
    JsonNode delta = choice.has("delta") ? choice.path("delta") : choice.path("message");
    String content = delta.path("content").asString("");
    JsonNode logprobs = choice.path("logprobs").path("content");
    if (logprobs.isArray() && !logprobs.isEmpty()) {
      completion.add(content);
      logprobs.forEach(each ->
          completion.token(
              "", each.hasNonNull("logprob") ? each.path("logprob").asDouble() : null));
    } else if (!content.isEmpty()) {
      completion.token(content, null);
    }
    if (choice.hasNonNull("finish_reason")) {
      completion.finished(choice.path("finish_reason").asString("stop"));
    }
    JsonNode usage = root.path("usage");
    if (usage.isObject()) {
      completion.usage(
          new Usage(
              usage.path("prompt_tokens").asInt(0),
              usage.path("completion_tokens").asInt(0),
              usage.path("prompt_tokens_details").path("cached_tokens").asInt(0)));
    }
  }

  private PonderException refused(ClientResponse response, String body) {
    int status = response.statusCode().value();
    ErrorCode code =
        switch (status) {
          case 404 -> ErrorCode.MODEL_NOT_FOUND;
          case 429 -> ErrorCode.RATE_LIMITED;
          case 503 -> ErrorCode.UPSTREAM_UNAVAILABLE;
          default -> ErrorCode.UPSTREAM_FAILED;
        };
    String seconds = response.headers().asHttpHeaders().getFirst("Retry-After");
    Duration retryAfter =
        seconds != null && seconds.matches("[0-9]{1,6}")
            ? Duration.ofSeconds(Long.parseLong(seconds))
            : null;
    String told = "";
    try {
      told = ": " + shortened(message(json.readTree(body)));
    } catch (JacksonException e) {
      // A proxy's HTML page says nothing that the status does not.
    }
    return new PonderException(code, name + ": answered " + status + told, null, retryAfter, null);
  }

  private PonderException unreachable(WebClientRequestException e) {
    return new PonderException(ErrorCode.UPSTREAM_UNAVAILABLE, name + ": not reachable", e);
  }

  private static String message(JsonNode root) {
    JsonNode error = root.path("error");
    return error.isString() ? error.asString() : error.path("message").asString("no reason given");
  }

  private static String shortened(String text) {
    return text.length() <= 300 ? text : text.substring(0, 297) + "...";
  }

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Body(
      String model,
      List<ChatMessage> messages,
      boolean stream,
      @JsonProperty("stream_options") StreamOptions streamOptions,
      @JsonProperty("max_tokens") int maxTokens,
      @Nullable List<String> stop,
      @Nullable Double temperature,
      @JsonProperty("top_p") @Nullable Double topP,
      @JsonProperty("frequency_penalty") @Nullable Double frequencyPenalty,
      @JsonProperty("presence_penalty") @Nullable Double presencePenalty,
      @Nullable Long seed,
      @Nullable Boolean logprobs) {

    static Body of(Call.Generate call, String model) {
      return new Body(
          model,
          call.messages(),
          true,
          new StreamOptions(true),
          call.maxTokens(),
          call.stop().isEmpty() ? null : call.stop(),
          call.sampling().temperature(),
          call.sampling().topP(),
          call.sampling().frequencyPenalty(),
          call.sampling().presencePenalty(),
          call.sampling().seed(),
          call.logprobs() ? true : null);
    }
  }

  private record StreamOptions(@JsonProperty("include_usage") boolean includeUsage) {}
}
