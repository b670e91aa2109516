package dev.ponder.model;

import dev.ponder.web.PonderWeb;
import java.security.SecureRandom;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The model-service: hosts models and lets other services generate, score and tokenize. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableConfigurationProperties(ModelProperties.class)
@Import(PonderWeb.class)
public class ModelService {
  private static final int WAITING_PROMPTS = 512;

  /**
   * Starts the service in this JVM and returns its context, which the caller closes.
   *
   * @param args Spring's own, such as {@code --server.port=0}
   */
  public static ConfigurableApplicationContext start(String... args) {
    return new SpringApplicationBuilder(ModelService.class)
        .web(WebApplicationType.REACTIVE)
        .properties("spring.config.name=model-service")
        .run(args);
  }

  public static void main(String[] args) {
    start(args);
  }

  /** Where prompts are rendered and tokenised, and folders read: off the event loops, bounded. */
  @Bean(destroyMethod = "dispose")
  Scheduler promptScheduler() {
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    return Schedulers.newBoundedElastic(threads, WAITING_PROMPTS, "prompts", 30, true);
  }

  /** Seeds of requests that name none. */
  @Bean
  SeedSource seedSource() {
    return new SecureRandom()::nextLong;
  }
}
