package dev.ponder.model.registry;

import dev.ponder.model.ModelProperties;
import dev.ponder.model.kv.PrefixStores;
import java.time.Clock;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Hosts the models, and loads those named for the start in the background. */
@Configuration(proxyBeanMethods = false)
class RegistryConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryConfiguration.class);

  @Bean
  ModelLoader modelLoader(ModelProperties properties, Optional<PrefixStores> stores, Clock clock) {
    return new EngineLoader(properties, stores, clock);
  }

  @Bean
  ModelRegistry modelRegistry(ModelProperties properties, ModelLoader loader) {
    return new ModelRegistry(properties.dir(), loader, properties.maxLoaded(), properties.drain());
  }

  @Bean
  ApplicationListener<ApplicationReadyEvent> loadAtStart(
      ModelProperties properties, ModelRegistry registry) {
    return _ -> properties.load().forEach(id -> load(registry, properties, id));
  }

  private static void load(ModelRegistry registry, ModelProperties properties, String id) {
    try {
      var _ = registry.load(id);
    } catch (RuntimeException e) {
      // The service serves what it has, and says by its readiness that this is not all.
      LOG.warn("{} (looked in {})", e.getMessage(), properties.dir());
    }
  }
}
