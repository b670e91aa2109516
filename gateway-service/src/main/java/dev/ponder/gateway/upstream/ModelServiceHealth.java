package dev.ponder.gateway.upstream;

import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Up while the model-service answers: without it the gateway has nothing to give. */
@Component("modelService")
class ModelServiceHealth extends AbstractReactiveHealthIndicator {
  private final Catalog catalog;

  ModelServiceHealth(Catalog catalog) {
    this.catalog = catalog;
  }

  @Override
  protected Mono<Health> doHealthCheck(Health.Builder builder) {
    return catalog.models().map(models -> builder.up().withDetail("models", models.size()).build());
  }
}
