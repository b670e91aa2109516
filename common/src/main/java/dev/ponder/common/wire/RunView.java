package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A run's present state: {@code GET /internal/v1/runs/{id}}, and publicly {@code GET
 * /v1/runs/{id}}.
 *
 * @param status "running", "finished", "failed" or "cancelled"
 * @param strategy {@code direct} for a request that used none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunView(
    String id,
    String object,
    String status,
    String strategy,
    String model,
    Instant createdAt,
    @Nullable Instant finishedAt,
    int calls,
    Usage usage,
    @Nullable String answer,
    @Nullable String why,
    @Nullable String error) {}
