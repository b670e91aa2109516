package dev.ponder.common.error;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A failure with a code. The message goes to the caller as it is: it names the offending value and
 * the rule, and never holds a secret.
 */
public class PonderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final @Nullable String param;
  private final @Nullable Duration retryAfter;

  public PonderException(ErrorCode code, String message) {
    this(code, message, null, null, null);
  }

  public PonderException(ErrorCode code, String message, @Nullable Throwable cause) {
    this(code, message, null, null, cause);
  }

  public PonderException(
      ErrorCode code,
      String message,
      @Nullable String param,
      @Nullable Duration retryAfter,
      @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.param = param;
    this.retryAfter = retryAfter;
  }

  /** A bad argument: {@code name: value (expected: rule)}. */
  public static PonderException invalid(String name, @Nullable Object value, String rule) {
    return new PonderException(
        ErrorCode.INVALID_VALUE,
        name + ": " + shortened(value) + " (expected: " + rule + ")",
        name,
        null,
        null);
  }

  /** A missing argument. */
  public static PonderException missing(String name, String rule) {
    return new PonderException(
        ErrorCode.MISSING_PARAMETER, name + ": missing (expected: " + rule + ")", name, null, null);
  }

  /** A refusal that passes: the caller may come back after {@code retryAfter}. */
  public static PonderException busy(ErrorCode code, String message, Duration retryAfter) {
    return new PonderException(code, message, null, retryAfter, null);
  }

  public ErrorCode code() {
    return code;
  }

  /** The offending request field, as OpenAI's {@code param}. */
  public @Nullable String param() {
    return param;
  }

  public @Nullable Duration retryAfter() {
    return retryAfter;
  }

  private static String shortened(@Nullable Object value) {
    String text = String.valueOf(value);
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }
}
