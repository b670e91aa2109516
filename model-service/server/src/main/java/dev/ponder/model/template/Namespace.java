package dev.ponder.model.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(...)}: the one value whose attributes a template may set. */
record Namespace(Map<String, Object> attributes) {
  Namespace() {
    this(new LinkedHashMap<>());
  }
}
