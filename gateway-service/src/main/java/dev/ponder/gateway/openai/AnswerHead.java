package dev.ponder.gateway.openai;

import dev.ponder.common.wire.Usage;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What every chunk of one answer, or the whole of it, begins with.
 *
 * @param created epoch seconds
 * @param model as the client asked for it
 */
public record AnswerHead(String id, long created, String model) {
  static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonMapper JSON = JsonMapper.shared();

  ObjectNode begin(String object) {
    return NODES
        .objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  static String write(ObjectNode node) {
    return JSON.writeValueAsString(node);
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode node =
        NODES
            .objectNode()
            .put("prompt_tokens", usage.promptTokens())
            .put("completion_tokens", usage.completionTokens())
            .put("total_tokens", usage.promptTokens() + usage.completionTokens());
    node.putObject("prompt_tokens_details").put("cached_tokens", usage.cachedTokens());
    return node;
  }
}
