package dev.ponder.gateway.openai;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run's {@code finished} event says.
 *
 * @param finishReason {@code stop} or {@code length}
 * @param why why the run ended and this answer was chosen
 */
public record RunResult(String answer, String finishReason, String why, Usage usage) {

  public static RunResult of(RunEvent finished) {
    Map<String, Object> payload = finished.payload();
    Object usage = payload.get("usage");
    return new RunResult(
        text(payload, "answer", ""),
        text(payload, "finishReason", "stop"),
        text(payload, "why", ""),
        usage == null ? Usage.ZERO : JsonMapper.shared().convertValue(usage, Usage.class));
  }

  private static String text(Map<String, Object> payload, String key, String absent) {
    return payload.get(key) instanceof String text ? text : absent;
  }
}
