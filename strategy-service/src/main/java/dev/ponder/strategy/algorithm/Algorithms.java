package dev.ponder.strategy.algorithm;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.StrategyInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The strategies that have a name. Immutable. */
public final class Algorithms {
  private final Map<String, Algorithm> byName = new LinkedHashMap<>();

  public Algorithms(List<Algorithm> algorithms) {
    algorithms.forEach(each -> byName.put(each.name(), each));
  }

  public static Algorithms standard() {
    return new Algorithms(List.of(new BestOfN(), new SelfConsistency(), new Refine()));
  }

  public Algorithm named(@Nullable String name) {
    if (name == null) {
      throw PonderException.missing("strategy", "one of " + byName.keySet());
    }
    Algorithm found = byName.get(name);
    if (found == null) {
      throw PonderException.invalid(
          "strategy",
          name,
          "one of "
              + byName.keySet()
              + "; did you mean '"
              + NearestName.of(name, byName.keySet())
              + "'?");
    }
    return found;
  }

  public List<StrategyInfo> list() {
    return byName.values().stream().map(Algorithm::info).toList();
  }
}
