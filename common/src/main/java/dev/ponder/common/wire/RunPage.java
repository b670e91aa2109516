package dev.ponder.common.wire;

import java.util.List;

/**
 * Answer of {@code GET /internal/v1/runs}: a tenant's runs, newest first.
 *
 * @param object {@code list}
 * @param hasMore whether older ones follow; the next page starts after the last id of this one
 */
public record RunPage(String object, List<RunView> data, boolean hasMore) {}
