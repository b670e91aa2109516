package dev.ponder.web;

import dev.ponder.common.auth.InternalTokens;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import tools.jackson.databind.json.JsonMapper;

/** What every service's HTTP side needs; each service imports it. */
@Configuration(proxyBeanMethods = false)
@Import(InternalClients.class)
public class PonderWeb {

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  /** One secret for the whole installation, from the environment or the launcher; never logged. */
  @Bean
  InternalTokens internalTokens(@Value("${ponder.internal.secret}") String secret) {
    return new InternalTokens(secret);
  }

  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE + 10)
  InternalTokenFilter internalTokenFilter(InternalTokens tokens, Clock clock) {
    return new InternalTokenFilter(tokens, clock);
  }

  /** Before Boot's own handler, which sits at -1. */
  @Bean
  @Order(-2)
  ErrorBodyHandler errorBodyHandler(JsonMapper json) {
    return new ErrorBodyHandler(json);
  }
}
