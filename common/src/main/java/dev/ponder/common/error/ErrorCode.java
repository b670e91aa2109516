package dev.ponder.common.error;

/**
 * Every failure a caller can meet, with its HTTP status and the {@code type} of OpenAI's error
 * body. Failures are counted by code; the wire form is {@link #code()}.
 */
public enum ErrorCode {
  INVALID_JSON("invalid_json", 400, Type.INVALID_REQUEST),
  INVALID_VALUE("invalid_value", 400, Type.INVALID_REQUEST),
  MISSING_PARAMETER("missing_required_parameter", 400, Type.INVALID_REQUEST),
  CONTEXT_TOO_LONG("context_length_exceeded", 400, Type.INVALID_REQUEST),
  INVALID_API_KEY("invalid_api_key", 401, Type.INVALID_REQUEST),
  FORBIDDEN("forbidden", 403, Type.INVALID_REQUEST),
  NOT_FOUND("not_found", 404, Type.INVALID_REQUEST),
  MODEL_NOT_FOUND("model_not_found", 404, Type.INVALID_REQUEST),
  METHOD_NOT_ALLOWED("method_not_allowed", 405, Type.INVALID_REQUEST),
  CONFLICT("conflict", 409, Type.INVALID_REQUEST),
  REQUEST_TOO_LARGE("request_too_large", 413, Type.INVALID_REQUEST),
  UNSUPPORTED_MEDIA_TYPE("unsupported_media_type", 415, Type.INVALID_REQUEST),
  MODEL_FILE_INVALID("model_file_invalid", 422, Type.INVALID_REQUEST),
  RATE_LIMITED("rate_limit_exceeded", 429, Type.RATE_LIMIT),
  BUDGET_EXCEEDED("insufficient_quota", 429, Type.RATE_LIMIT),
  QUEUE_FULL("queue_full", 429, Type.RATE_LIMIT),
  CANCELLED("cancelled", 499, Type.SERVER),
  INTERNAL("internal_error", 500, Type.SERVER),
  KV_BLOCK_CORRUPT("kv_block_corrupt", 502, Type.SERVER),
  UPSTREAM_FAILED("upstream_failed", 502, Type.SERVER),
  UPSTREAM_UNAVAILABLE("upstream_unavailable", 503, Type.SERVER),
  MODEL_NOT_LOADED("model_not_loaded", 503, Type.SERVER),
  DEADLINE_EXCEEDED("deadline_exceeded", 504, Type.SERVER);

  private static final class Type {
    static final String INVALID_REQUEST = "invalid_request_error";
    static final String RATE_LIMIT = "rate_limit_error";
    static final String SERVER = "server_error";
  }

  private final String code;
  private final int httpStatus;
  private final String type;

  ErrorCode(String code, int httpStatus, String type) {
    this.code = code;
    this.httpStatus = httpStatus;
    this.type = type;
  }

  /** Returns the wire form, stable across releases. */
  public String code() {
    return code;
  }

  public int httpStatus() {
    return httpStatus;
  }

  public String type() {
    return type;
  }

  /**
   * Returns the code with this wire form, or {@link #INTERNAL} when a newer service sent one
   * unknown here.
   */
  public static ErrorCode ofCode(String code) {
    for (ErrorCode each : values()) {
      if (each.code.equals(code)) {
        return each;
      }
    }
    return INTERNAL;
  }
}
