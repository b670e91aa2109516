package dev.ponder.strategy.log;

import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param status {@code finished}, {@code failed} or {@code cancelled}
 */
public record Ending(
    String status,
    @Nullable String answer,
    @Nullable String finishReason,
    @Nullable String why,
    @Nullable String error) {}
