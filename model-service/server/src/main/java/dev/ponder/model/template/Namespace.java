package dev.ponder.model.template;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code namespace(...)}: the one value whose attributes a template may set. Equal only to itself:
 * it may come to hold itself.
 */
final class Namespace {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  Map<String, Object> attributes() {
    return attributes;
  }
}
