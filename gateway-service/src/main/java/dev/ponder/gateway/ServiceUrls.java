package dev.ponder.gateway;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** Where the other services are: {@code ponder.model.url} and {@code ponder.strategy.url}. */
@ConfigurationProperties("ponder")
public record ServiceUrls(@DefaultValue Model model, @DefaultValue Strategy strategy) {

  /** The model-service. */
  public record Model(@DefaultValue("http://127.0.0.1:8081") String url) {}

  /** The strategy-service. */
  public record Strategy(@DefaultValue("http://127.0.0.1:8082") String url) {}
}
