package dev.ponder.common.wire;

import java.util.Map;

/**
 * A named strategy as {@code GET /internal/v1/strategies} lists it.
 *
 * @param params each parameter's name and its default
 */
public record StrategyInfo(String name, String description, Map<String, Object> params) {}
