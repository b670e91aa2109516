package dev.ponder.engine;

/**
 * A failure of the engine, with a kind that callers can act on. The message names the offending
 * value and the rule it broke: {@code name: value (expected: rule)}.
 */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_VALUE = 80;

  /** What went wrong, from the caller's point of view. */
  public enum Kind {
    /** The model file is damaged, truncated or contradicts itself. */
    MODEL_FILE_INVALID,
    /** Well formed, but something this engine does not implement. */
    UNSUPPORTED,
    /** Prompt and requested tokens do not fit in the model's context. */
    CONTEXT_TOO_LONG,
    /** The queue of waiting requests is full; try again later. */
    QUEUE_FULL,
    /** A parameter of the call is out of range. */
    INVALID_ARGUMENT,
    /** The engine or file was closed. */
    CLOSED,
    /** The memory set aside for the work is used up. */
    OUT_OF_MEMORY,
    /** A defect of the engine itself; the message says where. */
    INTERNAL
  }

  private final Kind kind;
  private final long retryAfterMillis;

  public EngineException(Kind kind, String message) {
    this(kind, message, 0);
  }

  private EngineException(Kind kind, String message, long retryAfterMillis) {
    super(message);
    this.kind = kind;
    this.retryAfterMillis = retryAfterMillis;
  }

  public EngineException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.retryAfterMillis = 0;
  }

  /** A malformed model file: {@code name: value (expected: rule)}. */
  public static EngineException invalidFile(String name, Object value, String rule) {
    return new EngineException(Kind.MODEL_FILE_INVALID, text(name, value, rule));
  }

  /** A well-formed thing the engine cannot do: {@code name: value (expected: rule)}. */
  public static EngineException unsupported(String name, Object value, String rule) {
    return new EngineException(Kind.UNSUPPORTED, text(name, value, rule));
  }

  /** A bad argument of a call: {@code name: value (expected: rule)}. */
  public static EngineException invalidArgument(String name, Object value, String rule) {
    return new EngineException(Kind.INVALID_ARGUMENT, text(name, value, rule));
  }

  /** No room for another waiting request; worth another try after that many milliseconds. */
  public static EngineException queueFull(String message, long retryAfterMillis) {
    return new EngineException(Kind.QUEUE_FULL, message, retryAfterMillis);
  }

  public Kind kind() {
    return kind;
  }

  /** With {@link Kind#QUEUE_FULL}: when to try again, from measured rates; otherwise 0. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }

  private static String text(String name, Object value, String rule) {
    return shortened(name) + ": " + shortened(String.valueOf(value)) + " (expected: " + rule + ")";
  }

  /** Names and values come from files of unknown origin: no control characters, no long lines. */
  private static String shortened(String text) {
    StringBuilder clean = new StringBuilder(Math.min(text.length(), LONGEST_VALUE));
    for (int i = 0; i < text.length() && i < LONGEST_VALUE; i++) {
      char c = text.charAt(i);
      clean.append(Character.isISOControl(c) ? '?' : c);
    }
    return text.length() <= LONGEST_VALUE ? clean.toString() : clean.append("...").toString();
  }
}
