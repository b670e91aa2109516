package dev.ponder.strategy.run;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.RunTree;
import dev.ponder.common.wire.Usage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Draws a run's decision tree from its log. */
final class RunTrees {
  private RunTrees() {}

  static RunTree of(String runId, String status, List<RunEvent> events) {
    Map<String, Draft> drafts = new LinkedHashMap<>();
    String chosen = null;
    boolean answered = false;
    for (RunEvent event : events) {
      String id = event.node();
      if (id != null) {
        drafts.computeIfAbsent(id, Draft::new).take(event);
      } else if (event.type().equals("finished")) {
        answered = true;
        chosen = event.payload().get("chosen") instanceof String node ? node : null;
      }
    }
    List<RunTree.Node> nodes = new ArrayList<>();
    for (Draft each : drafts.values()) {
      nodes.add(each.node(answered));
    }
    return new RunTree(runId, status, chosen, nodes);
  }

  /** One node while its events come in. */
  private static final class Draft {
    final String id;
    String kind = "unknown";
    String status = "asked";
    @Nullable String parent;
    @Nullable String prompt;
    @Nullable String text;
    @Nullable Double score;
    @Nullable String key;
    @Nullable String note;
    @Nullable Usage usage;
    int attempts;
    @Nullable Instant issuedAt;
    @Nullable Instant endedAt;
    @Nullable Long millis;
    boolean candidate;

    Draft(String id) {
      this.id = id;
    }

    void take(RunEvent event) {
      Map<String, Object> payload = event.payload();
      switch (event.type()) {
        case "asked" -> {
          kind = payload.get("kind") instanceof String s ? s : kind;
          parent = payload.get("parent") instanceof String s ? s : null;
          prompt = payload.get("prompt") instanceof String s ? s : null;
        }
        case "issued" -> {
          attempts++;
          issuedAt = event.at();
          status = "running";
        }
        case "told" -> {
          endedAt = event.at();
          boolean failed = "failure".equals(payload.get("result"));
          status = failed ? "failed" : "told";
          text = payload.get("text") instanceof String s ? s : null;
          note = payload.get("message") instanceof String s ? s : null;
          millis = payload.get("millis") instanceof Number n ? n.longValue() : null;
          boolean answer = kind.equals("sample") || kind.equals("draft") || kind.equals("revision");
          candidate = answer && text != null && !text.isBlank();
        }
        case "charged" -> usage = usage(payload);
        case "scored" -> {
          score = payload.get("score") instanceof Number n ? n.doubleValue() : score;
          key = payload.get("key") instanceof String s ? s : key;
        }
        case "pruned" -> {
          status = "pruned";
          note = payload.get("reason") instanceof String s ? s : null;
        }
        case "cancelled" -> {
          status = "cancelled";
          endedAt = event.at();
          usage = usage(payload);
          note = payload.get("reason") instanceof String s ? s : null;
        }
        default -> {}
      }
    }

    /** A candidate that no event pruned by the time of the answer was kept. */
    RunTree.Node node(boolean answered) {
      String shown = answered && candidate && status.equals("told") ? "kept" : status;
      return new RunTree.Node(
          id, parent, kind, shown, prompt, text, score, key, note, usage, attempts, issuedAt,
          endedAt, millis);
    }

    private static @Nullable Usage usage(Map<String, Object> payload) {
      return payload.get("usage") instanceof Map<?, ?> usage
          ? new Usage(
              whole(usage.get("promptTokens")),
              whole(usage.get("completionTokens")),
              whole(usage.get("cachedTokens")))
          : null;
    }

    private static int whole(@Nullable Object value) {
      return value instanceof Number number ? number.intValue() : 0;
    }
  }
}
