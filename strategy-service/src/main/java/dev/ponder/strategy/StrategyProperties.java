package dev.ponder.strategy;

import dev.ponder.common.error.PonderException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the strategy-service.
 *
 * @param replica this replica's name in leases; empty: a random one at each start
 * @param defaultModel the model-service's model for requests that name none
 * @param defaultMaxTokens limit of an answer whose request sets none
 * @param maxRuns runs this replica works on at a time; more are refused with 429
 * @param lease how long a silent replica keeps its runs; it renews three times as often
 * @param takeoverInterval how often expired leases are looked for
 * @param pollInterval how often the log of a run that another replica works on is read
 * @param callTimeout the longest a single call may take
 * @param retryAttempts how often a call that was turned away is tried in all
 * @param endpoints OpenAI-compatible servers, by the name with which requests choose one
 */
@ConfigurationProperties("ponder.strategy")
public record StrategyProperties(
    @DefaultValue("") String replica,
    @DefaultValue("smollm2-135m-instruct") String defaultModel,
    @DefaultValue("1024") int defaultMaxTokens,
    @DefaultValue("64") int maxRuns,
    @DefaultValue("15s") Duration lease,
    @DefaultValue("5s") Duration takeoverInterval,
    @DefaultValue("500ms") Duration pollInterval,
    @DefaultValue("10m") Duration callTimeout,
    @DefaultValue("8") int retryAttempts,
    @DefaultValue Map<String, Endpoint> endpoints) {

  public StrategyProperties {
    atLeast("default-max-tokens", defaultMaxTokens, 1);
    atLeast("max-runs", maxRuns, 1);
    atLeast("retry-attempts", retryAttempts, 1);
    positive("lease", lease);
    positive("takeover-interval", takeoverInterval);
    positive("poll-interval", pollInterval);
    positive("call-timeout", callTimeout);
    endpoints = Map.copyOf(endpoints);
  }

  /**
   * An OpenAI-compatible server.
   *
   * @param baseUrl up to and with the version, such as {@code https://api.example.org/v1}
   * @param apiKey sent as a bearer token; null: none
   * @param model used when a request names none
   * @param logprobs whether it tells log-probabilities of sampled tokens
   */
  public record Endpoint(
      String baseUrl,
      @Nullable String apiKey,
      @DefaultValue("default") String model,
      @DefaultValue("true") boolean logprobs) {

    public Endpoint {
      URI uri = URI.create(baseUrl);
      if (uri.getHost() == null
          || uri.getUserInfo() != null
          || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        throw PonderException.invalid(
            "ponder.strategy.endpoints.*.base-url", uri.getScheme(), "an http or https URL");
      }
    }

    /** Leaves the key out: settings get logged. */
    @Override
    public String toString() {
      return "Endpoint[baseUrl=" + baseUrl + ", model=" + model + ", logprobs=" + logprobs + "]";
    }
  }

  private static void atLeast(String name, int value, int min) {
    if (value < min) {
      throw PonderException.invalid("ponder.strategy." + name, value, "at least " + min);
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw PonderException.invalid("ponder.strategy." + name, value, "more than zero");
    }
  }
}
