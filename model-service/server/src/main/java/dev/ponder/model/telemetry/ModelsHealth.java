package dev.ponder.model.telemetry;

import dev.ponder.model.ModelProperties;
import dev.ponder.model.registry.ModelRegistry;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up when every model that is to be loaded at start is ready: part of readiness. */
@Component("models")
class ModelsHealth implements HealthIndicator {
  private final ModelProperties properties;
  private final ModelRegistry registry;

  ModelsHealth(ModelProperties properties, ModelRegistry registry) {
    this.properties = properties;
    this.registry = registry;
  }

  @Override
  public Health health() {
    Health.Builder health = Health.up();
    for (String id : properties.load()) {
      boolean ready = registry.isReady(id);
      String failure = registry.failure(id);
      health.withDetail(id, ready ? "ready" : failure == null ? "not ready" : failure);
      if (!ready) {
        health.outOfService();
      }
    }
    return health.build();
  }
}
