package dev.ponder.gateway.upstream;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.gateway.GatewayProperties;
import dev.ponder.gateway.openai.NearestName;
import dev.ponder.gateway.openai.StrategyChoice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * The models and strategies there are, as of a moment ago, and what a request's names mean. The
 * strategy-service is asked only about names that are no model's, so that its absence does not stop
 * direct requests.
 *
 * <p>Thread-safe; concurrent look-ups share one call.
 */
@Component
public class Catalog {
  /** The lists are the same for every tenant. */
  private static final Caller SYSTEM = new Caller("system", "catalog", 0);

  private final Mono<List<ModelInfo>> models;
  private final Mono<List<StrategyInfo>> strategies;

  Catalog(Upstreams upstreams, GatewayProperties properties) {
    this.models = cached(upstreams.models(SYSTEM), properties.catalogTtl());
    this.strategies = cached(upstreams.strategies(SYSTEM), properties.catalogTtl());
  }

  private static <T> Mono<T> cached(Mono<T> source, Duration ttl) {
    return source.cache(value -> ttl, error -> Duration.ZERO, () -> Duration.ZERO);
  }

  public Mono<List<ModelInfo>> models() {
    return models;
  }

  public Mono<List<StrategyInfo>> strategies() {
    return strategies;
  }

  /**
   * Returns who answers.
   *
   * @param model the body's model: a model, {@code <strategy>} or {@code <strategy>/<model>}
   * @param choice the body's strategy
   */
  public Mono<Target> resolve(@Nullable String model, @Nullable StrategyChoice choice) {
    String named = choice == null ? null : choice.name();
    if (named != null) {
      return strategies.map(known -> chosen(named, model, choice, known));
    }
    if (model == null) {
      return Mono.error(PonderException.missing("model", "a name listed by /v1/models"));
    }
    return models
        .flatMap(known -> {
          if (known.stream().noneMatch(each -> each.id().equals(model))) {
            return Mono.empty();
          }
          return choice == null
              ? Mono.<Target>just(new Target.Model(model))
              : Mono.error(
                  PonderException.missing(
                      "strategy.name", "the strategy these parameters are for"));
        })
        .switchIfEmpty(Mono.defer(() -> namedByModel(model, choice)));
  }

  private Mono<Target> namedByModel(String model, @Nullable StrategyChoice choice) {
    int slash = model.indexOf('/');
    String name = slash < 0 ? model : model.substring(0, slash);
    String inner = slash < 0 || slash == model.length() - 1 ? null : model.substring(slash + 1);
    return strategies.flatMap(known -> {
      Optional<StrategyInfo> found = find(name, known);
      return found.isPresent()
          ? Mono.just(target(found.get(), inner, choice))
          : models.flatMap(all -> Mono.error(unknownModel(model, all, known)));
    });
  }

  private static Target chosen(
      String name,
      @Nullable String model,
      @Nullable StrategyChoice choice,
      List<StrategyInfo> known) {
    StrategyInfo info =
        find(name, known)
            .orElseThrow(() ->
                new PonderException(
                    ErrorCode.NOT_FOUND,
                    "strategy: "
                        + shortened(name)
                        + " (expected: a strategy listed by /v1/models"
                        + NearestName.hint(name, names(known))
                        + ")",
                    "strategy",
                    null,
                    null));
    String inner = model;
    if (model != null && (model.equals(name) || model.startsWith(name + "/"))) {
      inner = model.length() > name.length() + 1 ? model.substring(name.length() + 1) : null;
    } else if (model != null && find(model, known).isPresent()) {
      throw PonderException.invalid(
          "model", model, "a model, or the strategy that the field strategy names: " + name);
    }
    return target(info, inner, choice);
  }

  private static Target target(
      StrategyInfo info, @Nullable String model, @Nullable StrategyChoice choice) {
    if (choice == null) {
      return new Target.Strategy(info.name(), java.util.Map.of(), model);
    }
    for (String param : choice.params().keySet()) {
      if (!info.params().containsKey(param)) {
        throw PonderException.invalid(
            "strategy." + shortened(param),
            "unknown",
            "one of "
                + String.join(", ", info.params().keySet().stream().sorted().toList())
                + NearestName.hint(param, info.params().keySet()));
      }
    }
    return new Target.Strategy(info.name(), choice.params(), model);
  }

  private static PonderException unknownModel(
      String model, List<ModelInfo> models, List<StrategyInfo> strategies) {
    List<String> all = new ArrayList<>(names(strategies));
    models.forEach(each -> all.add(each.id()));
    return new PonderException(
        ErrorCode.MODEL_NOT_FOUND,
        "model: "
            + shortened(model)
            + " (expected: a name listed by /v1/models"
            + NearestName.hint(model, all)
            + ")",
        "model",
        null,
        null);
  }

  private static Optional<StrategyInfo> find(String name, List<StrategyInfo> known) {
    return known.stream().filter(each -> each.name().equals(name)).findFirst();
  }

  private static List<String> names(List<StrategyInfo> known) {
    return known.stream().map(StrategyInfo::name).toList();
  }

  private static String shortened(String name) {
    return name.length() <= 80 ? name : name.substring(0, 77) + "...";
  }
}
