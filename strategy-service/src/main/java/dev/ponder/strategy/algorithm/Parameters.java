package dev.ponder.strategy.algorithm;

import dev.ponder.common.error.PonderException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters a strategy knows. Unknown ones are refused, because a typing error that is
 * silently ignored costs a whole experiment.
 */
public record Parameters(List<Parameter> known) {
  public Parameters {
    known = List.copyOf(known);
  }

  public static Parameters of(Parameter... known) {
    return new Parameters(List.of(known));
  }

  /** Returns these and {@code more}. */
  public Parameters and(Parameters more) {
    return new Parameters(
        java.util.stream.Stream.concat(known.stream(), more.known.stream()).toList());
  }

  /** Returns every parameter's default, in the order of declaration. */
  public Map<String, Object> defaults() {
    Map<String, Object> defaults = new LinkedHashMap<>();
    known.forEach(each -> defaults.put(each.name(), each.defaultValue()));
    return defaults;
  }

  /**
   * Returns the given values, checked, and the defaults of the others.
   *
   * @throws PonderException naming the parameter and, for an unknown one, the nearest known name
   */
  public Map<String, Object> complete(@Nullable Map<String, Object> given) {
    Map<String, Object> complete = defaults();
    if (given == null) {
      return complete;
    }
    for (String name : given.keySet()) {
      if (!complete.containsKey(name)) {
        throw PonderException.invalid(
            "params",
            name,
            "a known parameter; did you mean '" + NearestName.of(name, complete.keySet()) + "'?");
      }
    }
    for (Parameter each : known) {
      Object value = given.get(each.name());
      if (value != null) {
        complete.put(each.name(), each.checked(value));
      }
    }
    return complete;
  }
}
