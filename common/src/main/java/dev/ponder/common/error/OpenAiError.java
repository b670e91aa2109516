package dev.ponder.common.error;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's error body, all four keys always present: {@code {"error":{message,type,param,code}}}.
 */
public record OpenAiError(Detail error) {

  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Detail(
      String message, String type, @Nullable String param, @Nullable String code) {}

  public static OpenAiError of(PonderException e) {
    String message = e.getMessage() == null ? e.code().code() : e.getMessage();
    return new OpenAiError(new Detail(message, e.code().type(), e.param(), e.code().code()));
  }

  /** Returns the exception this body stands for, as a client of another service sees it. */
  public PonderException toException() {
    ErrorCode code = error.code() == null ? ErrorCode.INTERNAL : ErrorCode.ofCode(error.code());
    return new PonderException(code, error.message(), error.param(), null, null);
  }
}
