package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The body's {@code strategy} field: a name, or an object of {@code name} and parameters.
 *
 * @param name null: the model field names the strategy
 * @param params as the caller wrote them; the strategy-service checks the values
 */
public record StrategyChoice(@Nullable String name, Map<String, Object> params) {
  private static final int MAX_PARAMS = 64;
  private static final JsonMapper PLAIN = JsonMapper.shared();

  static @Nullable StrategyChoice read(Fields body) {
    JsonNode value = body.get("strategy");
    if (value == null) {
      return null;
    }
    if (value.isString()) {
      return new StrategyChoice(Fields.string(value, "strategy", 1, 128), Map.of());
    }
    if (!value.isObject()) {
      throw PonderException.invalid(
          "strategy", Fields.show(value), "a strategy's name, or an object with name and params");
    }
    Fields fields = Fields.of(value, "strategy");
    if (value.size() > MAX_PARAMS) {
      throw PonderException.invalid(
          "strategy", value.size() + " fields", "at most " + MAX_PARAMS + " fields");
    }
    Map<String, Object> params = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : fields.node().properties()) {
      if (!entry.getKey().equals("name") && !entry.getValue().isNull()) {
        params.put(entry.getKey(), PLAIN.convertValue(entry.getValue(), Object.class));
      }
    }
    return new StrategyChoice(fields.string("name", 1, 128), params);
  }
}
