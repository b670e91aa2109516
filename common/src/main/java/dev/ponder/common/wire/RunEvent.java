package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a run's log, and one line of the NDJSON answer of {@code POST /internal/v1/runs}.
 *
 * <p>Types: {@code started, asked, issued, chunk, told, scored, pruned, cancelled, charged, failed,
 * finished}. The payload of {@code finished} holds {@code answer}, {@code finishReason} ({@code
 * stop} or {@code length}), {@code why} and {@code usage}; that of {@code failed} holds {@code
 * error}, an {@code OpenAiError.Detail}. {@code chunk} entries ({@code text}) are live only, never
 * stored.
 *
 * @param seq position in the run's log, from 1, without gaps; 0 for live-only entries
 * @param node the call it is about; null for entries about the whole run
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunEvent(
    String runId,
    long seq,
    String type,
    @Nullable String node,
    Instant at,
    Map<String, Object> payload) {}
