package dev.ponder.engine.machine;

import org.jspecify.annotations.Nullable;

/** Machine code cannot run here; the message says why in a few words. */
public final class MachineUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MachineUnavailableException(String why, @Nullable Throwable cause) {
    super(why, cause);
  }
}
