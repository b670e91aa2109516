package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answer of {@code GET /internal/v1/runs/{id}/tree}: every call of a run and what became of it, in
 * the order in which they were asked.
 *
 * @param chosen the node whose text is the answer; null while unknown
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunTree(String runId, String status, @Nullable String chosen, List<Node> nodes) {

  /**
   * A call.
   *
   * @param parent the node it works on; null at the root
   * @param kind {@code sample, score, draft, feedback, revision}
   * @param status {@code asked, running, told, kept, pruned, failed} or {@code cancelled}
   * @param prompt the last message's beginning
   * @param key the answer it votes for, in canonical form
   * @param attempts how often it was issued; more than once only after a crash
   * @param millis from issue to result
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Node(
      String id,
      @Nullable String parent,
      String kind,
      String status,
      @Nullable String prompt,
      @Nullable String text,
      @Nullable Double score,
      @Nullable String key,
      @Nullable String note,
      @Nullable Usage usage,
      int attempts,
      @Nullable Instant issuedAt,
      @Nullable Instant endedAt,
      @Nullable Long millis) {}
}
