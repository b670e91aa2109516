package dev.ponder.model.generate;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.engine.EngineException;
import java.time.Duration;

/** What the engine's failures are to a caller. */
final class EngineErrors {
  private static final Duration SOON = Duration.ofSeconds(1);

  private EngineErrors() {}

  static PonderException translate(EngineException e) {
    String message = e.getMessage() == null ? "engine failure" : e.getMessage();
    return switch (e.kind()) {
      case QUEUE_FULL ->
          PonderException.busy(
              ErrorCode.QUEUE_FULL,
              message,
              Duration.ofMillis(Math.max(SOON.toMillis(), e.retryAfterMillis())));
      case CONTEXT_TOO_LONG -> new PonderException(ErrorCode.CONTEXT_TOO_LONG, message, e);
      case INVALID_ARGUMENT -> new PonderException(ErrorCode.INVALID_VALUE, message, e);
      case CLOSED -> PonderException.busy(ErrorCode.MODEL_NOT_LOADED, message, SOON);
      case OUT_OF_MEMORY -> PonderException.busy(ErrorCode.QUEUE_FULL, message, SOON);
      case MODEL_FILE_INVALID, UNSUPPORTED ->
          new PonderException(ErrorCode.MODEL_FILE_INVALID, message, e);
      case INTERNAL -> new PonderException(ErrorCode.INTERNAL, "internal error", e);
    };
  }
}
