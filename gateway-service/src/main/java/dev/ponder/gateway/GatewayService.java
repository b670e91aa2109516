package dev.ponder.gateway;

import dev.ponder.gateway.openai.PublicJson;
import dev.ponder.gateway.record.Records;
import dev.ponder.web.DrainOnStop;
import dev.ponder.web.PonderWeb;
import java.security.SecureRandom;
import java.time.Clock;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** The gateway-service: the only public door. */
@SpringBootApplication(proxyBeanMethods = false)
@ConfigurationPropertiesScan
@Import(PonderWeb.class)
public class GatewayService {

  /** Starts the service; it stops when the context is closed. */
  public static ConfigurableApplicationContext start(String... args) {
    return new SpringApplicationBuilder(GatewayService.class)
        .web(WebApplicationType.REACTIVE)
        .properties("spring.config.name=gateway-service")
        .run(args);
  }

  public static void main(String[] args) {
    start(args);
  }

  @Bean
  Ids ids(Clock clock) {
    return new Ids(clock, new SecureRandom());
  }

  @Bean
  DrainOnStop drainRecords(Records records) {
    return new DrainOnStop(records::drain);
  }

  @Bean
  PublicJson publicJson() {
    return new PublicJson();
  }
}
