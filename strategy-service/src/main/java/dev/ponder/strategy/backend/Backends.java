package dev.ponder.strategy.backend;

import dev.ponder.common.error.PonderException;
import dev.ponder.strategy.StrategyProperties;
import dev.ponder.web.InternalClients;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.client.WebClient;
import tools.jackson.databind.json.JsonMapper;

/** The backends of this installation, by the endpoint's name. Immutable. */
@Component
public final class Backends {
  private final Backend modelService;
  private final Map<String, Backend> endpoints = new HashMap<>();

  public Backends(
      StrategyProperties properties,
      @Value("${ponder.model.url}") String modelUrl,
      InternalClients clients,
      WebClient.Builder builder,
      JsonMapper json) {
    this.modelService = new ModelServiceBackend(clients, modelUrl, properties.defaultModel());
    properties
        .endpoints()
        .forEach((name, endpoint) ->
            endpoints.put(name, new OpenAiBackend(name, builder, endpoint, json)));
  }

  /**
   * Returns a configured endpoint, or the model-service for null.
   *
   * @throws PonderException when there is none of this name
   */
  public Backend named(@Nullable String endpoint) {
    if (endpoint == null) {
      return modelService;
    }
    Backend found = endpoints.get(endpoint);
    if (found == null) {
      throw PonderException.invalid("endpoint", endpoint, "an endpoint the operator configured");
    }
    return found;
  }
}
