package dev.ponder.common.wire;

import java.time.Instant;

/**
 * Body of {@code POST /internal/v1/runs/direct}: the record of a finished request that used no
 * strategy, so that the run log holds every request. Idempotent by {@code runId}.
 *
 * @param status how it ended: "finished", "failed" or "cancelled"
 */
public record DirectRun(
    String runId,
    String model,
    String status,
    String finishReason,
    Usage usage,
    Instant startedAt,
    Instant finishedAt) {}
