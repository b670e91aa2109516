package dev.ponder.gateway.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.common.wire.StrategyInfo;
import dev.ponder.gateway.openai.NearestName;
import dev.ponder.gateway.upstream.Catalog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code GET /v1/models}: models, and strategies beside them. */
@RestController
class ModelsController {
  private static final Logger LOG = LoggerFactory.getLogger(ModelsController.class);

  private final Catalog catalog;

  ModelsController(Catalog catalog) {
    this.catalog = catalog;
  }

  /** OpenAI's list. */
  record ModelList(String object, List<Model> data) {}

  /** OpenAI's model, with what Ponder knows beyond it. */
  record Model(
      String id,
      String object,
      long created,
      @JsonProperty("owned_by") String ownedBy,
      Ponder ponder) {}

  /**
   * What a client of OpenAI does not look at.
   *
   * @param kind {@code model} or {@code strategy}
   * @param params a strategy's parameters and their defaults
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Ponder(
      String kind,
      @Nullable String state,
      @Nullable String architecture,
      @Nullable String quantization,
      @Nullable Long parameters,
      @JsonProperty("context_length") @Nullable Integer contextLength,
      @Nullable String description,
      @Nullable Map<String, Object> params) {}

  @GetMapping("/v1/models")
  Mono<ModelList> list() {
    return all().map(models -> new ModelList("list", models));
  }

  /** The rest of the path, because {@code strategy/model} is a name too. */
  @GetMapping("/v1/models/{*id}")
  Mono<Model> get(@PathVariable String id) {
    String name = id.substring(1);
    return all()
        .map(models ->
            models.stream()
                .filter(each -> each.id().equals(name))
                .findFirst()
                .or(() -> models.stream().filter(each -> isUsedBy(name, each, models)).findFirst())
                .map(each -> each.id().equals(name) ? each : renamed(each, name))
                .orElseThrow(() ->
                    new PonderException(
                        ErrorCode.MODEL_NOT_FOUND,
                        "model: "
                            + (name.length() <= 80 ? name : name.substring(0, 77) + "...")
                            + " (expected: a name listed by /v1/models"
                            + NearestName.hint(name, models.stream().map(Model::id).toList())
                            + ")",
                        "model",
                        null,
                        null)));
  }

  private static boolean isUsedBy(String name, Model strategy, List<Model> models) {
    String prefix = strategy.id() + "/";
    return strategy.ponder().kind().equals("strategy")
        && name.startsWith(prefix)
        && models.stream()
            .anyMatch(each ->
                each.ponder().kind().equals("model")
                    && each.id().equals(name.substring(prefix.length())));
  }

  private static Model renamed(Model model, String id) {
    return new Model(id, model.object(), model.created(), model.ownedBy(), model.ponder());
  }

  /** Without the strategy-service the models are still worth listing. */
  private Mono<List<Model>> all() {
    Mono<List<StrategyInfo>> strategies =
        catalog
            .strategies()
            .onErrorResume(e -> {
              LOG.warn("strategies are not listed: {}", e.getMessage());
              return Mono.just(List.of());
            });
    return Mono.zip(
        catalog.models(),
        strategies,
        (models, named) -> {
          List<Model> all = new ArrayList<>();
          models.forEach(each -> all.add(model(each)));
          named.forEach(each -> all.add(strategy(each)));
          return all;
        });
  }

  private static Model model(ModelInfo info) {
    return new Model(
        info.id(),
        "model",
        info.created(),
        "ponder",
        new Ponder(
            "model",
            info.state(),
            info.architecture(),
            info.quantization(),
            info.parameters(),
            info.contextLength(),
            null,
            null));
  }

  private static Model strategy(StrategyInfo info) {
    return new Model(
        info.name(),
        "model",
        0,
        "ponder",
        new Ponder("strategy", null, null, null, null, null, info.description(), info.params()));
  }
}
