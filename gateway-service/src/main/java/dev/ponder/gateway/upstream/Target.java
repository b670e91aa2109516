package dev.ponder.gateway.upstream;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who answers a request. */
public sealed interface Target {

  /** A model, directly. */
  record Model(String id) implements Target {}

  /**
   * A strategy.
   *
   * @param model the model it works with; null: its default
   */
  record Strategy(String name, Map<String, Object> params, @Nullable String model)
      implements Target {}
}
