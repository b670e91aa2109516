package dev.ponder.gateway.upstream;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.DirectRun;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.RunView;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.ServiceUrls;
import dev.ponder.web.InternalClients;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.springframework.http.HttpMethod;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the gateway asks of the other services. Thread-safe. */
@Component
public class Upstreams {
  private final Upstream model;
  private final Upstream strategy;
  private final JsonMapper json;

  Upstreams(
      ServiceUrls urls, InternalClients clients, GatewayProperties properties, JsonMapper json) {
    this.model =
        new Upstream(
            "model-service",
            urls.model().url(),
            clients,
            properties.breakerWait(),
            properties.callTimeout());
    this.strategy =
        new Upstream(
            "strategy-service",
            urls.strategy().url(),
            clients,
            properties.breakerWait(),
            properties.callTimeout());
    this.json = json;
  }

  /**
   * The events of a generation, with {@code completed} last. Anything else, an {@code error} event
   * or a stream that just ends, is an error signal.
   */
  public Flux<GenerateEvent> generate(Caller caller, GenerateRequest request) {
    return Flux.defer(() -> {
      AtomicBoolean completed = new AtomicBoolean();
      return model.stream(caller, "/internal/v1/generate", request, GenerateEvent.class)
          .<GenerateEvent>handle((event, sink) -> {
            if (event instanceof GenerateEvent.Failed failed) {
              sink.error(new OpenAiError(failed.error()).toException());
              return;
            }
            if (event instanceof GenerateEvent.Completed) {
              completed.set(true);
            }
            sink.next(event);
          })
          .concatWith(brokenOffUnless(completed, "model-service"));
    });
  }

  /** The events of a run, ending with {@code finished}; a run that fails is an error signal. */
  public Flux<RunEvent> run(Caller caller, RunRequest request) {
    return Flux.defer(() -> {
      AtomicBoolean finished = new AtomicBoolean();
      return strategy.stream(caller, "/internal/v1/runs", request, RunEvent.class)
          .<RunEvent>handle((event, sink) -> {
            if (event.type().equals("failed")) {
              sink.error(failure(event));
            } else if (event.type().equals("cancelled") && event.node() == null) {
              sink.error(new PonderException(ErrorCode.CANCELLED, "the run was cancelled"));
            } else {
              if (event.type().equals("finished")) {
                finished.set(true);
              }
              sink.next(event);
            }
          })
          .concatWith(brokenOffUnless(finished, "strategy-service"));
    });
  }

  public Mono<List<ModelInfo>> models(Caller caller) {
    return list(model.call(caller, HttpMethod.GET, "/internal/v1/models"), ModelInfo.class);
  }

  public Mono<List<StrategyInfo>> strategies(Caller caller) {
    return list(
        strategy.call(caller, HttpMethod.GET, "/internal/v1/strategies"), StrategyInfo.class);
  }

  public Mono<RunView> run(Caller caller, String id) {
    return strategy
        .call(caller, HttpMethod.GET, "/internal/v1/runs/{id}", id)
        .map(node -> json.treeToValue(node, RunView.class));
  }

  /** Any of the strategy-service's documents about runs, as it is. */
  public Mono<JsonNode> runs(Caller caller, HttpMethod method, String uri, Object... variables) {
    return strategy.call(caller, method, uri, variables);
  }

  /** A run's log, then its live events until it ends. */
  public Flux<RunEvent> events(Caller caller, String id, long after) {
    return strategy.stream(
        caller, "/internal/v1/runs/{id}/events?after={after}", RunEvent.class, id, after);
  }

  public Mono<Void> record(Caller caller, DirectRun run) {
    return strategy.post(caller, "/internal/v1/runs/direct", run);
  }

  public Mono<Void> cancel(Caller caller, String runId) {
    return strategy.call(caller, HttpMethod.POST, "/internal/v1/runs/{id}/cancel", runId).then();
  }

  private <T> Mono<List<T>> list(Mono<JsonNode> answer, Class<T> type) {
    return answer.map(node ->
        StreamSupport.stream(node.spliterator(), false)
            .map(each -> json.treeToValue(each, type))
            .toList());
  }

  private PonderException failure(RunEvent failed) {
    Object error = failed.payload().get("error");
    if (error == null) {
      return new PonderException(ErrorCode.UPSTREAM_FAILED, "the run failed");
    }
    return new OpenAiError(json.convertValue(error, OpenAiError.Detail.class)).toException();
  }

  private static <T> Mono<T> brokenOffUnless(AtomicBoolean ended, String service) {
    return Mono.defer(() ->
        ended.get()
            ? Mono.empty()
            : Mono.error(
                new PonderException(
                    ErrorCode.UPSTREAM_FAILED, service + ": the answer broke off")));
  }
}
