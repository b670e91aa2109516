package dev.ponder.strategy;

import dev.ponder.strategy.algorithm.Algorithms;
import dev.ponder.web.PonderWeb;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** The strategy-service: named strategies as durable runs. */
@SpringBootApplication
@EnableConfigurationProperties(StrategyProperties.class)
@Import(PonderWeb.class)
public class StrategyService {

  public static void main(String[] args) {
    start(args);
  }

  /** Starts the service; several services may live in one JVM. */
  public static ConfigurableApplicationContext start(String... args) {
    return new SpringApplicationBuilder(StrategyService.class)
        .web(WebApplicationType.REACTIVE)
        .properties("spring.config.name=strategy-service")
        .run(args);
  }

  @Bean
  Algorithms algorithms() {
    return Algorithms.standard();
  }
}
