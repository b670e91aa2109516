package dev.ponder.strategy.log;

import dev.ponder.common.wire.Usage;

/** What a run has spent so far. */
public record Totals(int calls, Usage usage) {
  public static final Totals ZERO = new Totals(0, Usage.ZERO);

  public Totals withCall() {
    return new Totals(calls + 1, usage);
  }

  public Totals with(Usage more) {
    return new Totals(calls, usage.plus(more));
  }
}
