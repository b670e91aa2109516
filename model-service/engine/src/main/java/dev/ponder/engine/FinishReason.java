package dev.ponder.engine;

/** Why a sample ended. */
public enum FinishReason {
  /** The model ended its turn, or a stop string appeared. */
  STOP,
  /** The token limit or the end of the context was reached. */
  LENGTH
}
