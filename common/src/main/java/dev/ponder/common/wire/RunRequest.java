package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Body of strategy-service's {@code POST /internal/v1/runs}.
 *
 * @param runId chosen by the gateway ({@code run_} and a UUIDv7), so that repeating the call is
 *     safe
 * @param strategy {@code best_of_n}, {@code self_consistency} or {@code refine}
 * @param params the strategy's own parameters; unknown names are refused
 * @param model the model that answers; null: the strategy's or the service's default
 * @param endpoint the configured endpoint that serves the model; null: the model-service
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunRequest(
    String runId,
    String strategy,
    @Nullable Map<String, Object> params,
    @Nullable String model,
    @Nullable String endpoint,
    List<ChatMessage> messages,
    @Nullable Integer maxTokens,
    @Nullable List<String> stop,
    @Nullable Sampling sampling) {}
