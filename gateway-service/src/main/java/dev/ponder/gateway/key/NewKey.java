package dev.ponder.gateway.key;

import dev.ponder.common.error.PonderException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A checked body of {@code POST /v1/admin/keys}. */
record NewKey(String name, String tenant, String role) {

  static NewKey read(JsonNode body) {
    String name = text(body, "name", "[^\\p{Cntrl}]{1,128}", "1 to 128 characters");
    if (name == null) {
      throw PonderException.missing("name", "1 to 128 characters");
    }
    String tenant = text(body, "tenant", "[A-Za-z0-9_-]{1,64}", "1 to 64 of A-Z a-z 0-9 _ -");
    if (tenant == null) {
      throw PonderException.missing("tenant", "1 to 64 of A-Z a-z 0-9 _ -");
    }
    String role = text(body, "role", "admin|user", "admin or user");
    return new NewKey(name, tenant, role == null ? "user" : role);
  }

  private static @Nullable String text(JsonNode body, String field, String pattern, String rule) {
    if (!body.isObject()) {
      throw PonderException.invalid("body", "not an object", "a JSON object");
    }
    JsonNode value = body.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isString() || !value.stringValue().matches(pattern)) {
      throw PonderException.invalid(field, value.isString() ? value.stringValue() : value, rule);
    }
    return value.stringValue();
  }
}
