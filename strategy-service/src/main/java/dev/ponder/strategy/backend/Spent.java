package dev.ponder.strategy.backend;

import dev.ponder.common.wire.Usage;

/**
 * What a call has cost so far, readable also after it failed or was cancelled: work that was thrown
 * away is still charged.
 *
 * <p>Written by the thread that receives the answer, read by any.
 */
public final class Spent {
  private volatile Usage usage = Usage.ZERO;

  public Usage usage() {
    return usage;
  }

  void set(Usage value) {
    usage = value;
  }
}
