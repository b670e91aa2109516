package dev.ponder.cache;

import dev.ponder.web.PonderWeb;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

/** Starts the cache-service. */
@SpringBootApplication
@EnableConfigurationProperties(CacheProperties.class)
@Import(PonderWeb.class)
public class CacheService {

  /**
   * Starts the service in this JVM and returns its context, which the caller closes.
   *
   * @param args Spring's own, such as {@code --server.port=0}
   */
  public static ConfigurableApplicationContext start(String... args) {
    SpringApplication application =
        new SpringApplicationBuilder(CacheService.class)
            .web(WebApplicationType.REACTIVE)
            .properties("spring.config.name=cache-service")
            .build();
    return application.run(args);
  }

  public static void main(String[] args) {
    start(args);
  }
}
