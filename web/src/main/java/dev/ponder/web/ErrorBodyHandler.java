package dev.ponder.web;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.OpenAiError;
import dev.ponder.common.error.PonderException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.core.codec.CodecException;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.resource.NoResourceFoundException;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.MissingRequestValueException;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import org.springframework.web.server.UnsupportedMediaTypeStatusException;
import org.springframework.web.server.WebExceptionHandler;
import org.springframework.web.util.DisconnectedClientHelper;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/**
 * Gives every failure OpenAI's error body and the status of its code. What is unexpected is logged
 * whole and told to the caller as {@code internal_error} without details.
 */
public final class ErrorBodyHandler implements WebExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorBodyHandler.class);

  private final JsonMapper json;

  ErrorBodyHandler(JsonMapper json) {
    this.json = json;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    ServerHttpResponse response = exchange.getResponse();
    if (response.isCommitted()) {
      return Mono.error(failure);
    }
    if (DisconnectedClientHelper.isClientDisconnectedException(failure)) {
      // Nobody is there to read an answer, and a caller that leaves is no fault of ours.
      LOG.debug("{} left", exchange.getRequest().getPath());
      return Mono.empty();
    }
    PonderException e = translate(failure);
    if (e.code() == ErrorCode.INTERNAL) {
      LOG.error(
          "{} {} failed",
          exchange.getRequest().getMethod(),
          exchange.getRequest().getPath(),
          failure);
    }
    response.setStatusCode(HttpStatusCode.valueOf(e.code().httpStatus()));
    if (failure instanceof ErrorResponse standard) {
      // Such as Allow, which a 405 must carry.
      response.getHeaders().putAll(standard.getHeaders());
    }
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    if (e.retryAfter() != null) {
      long seconds = Math.max(1, e.retryAfter().plusMillis(999).toSeconds());
      response.getHeaders().set("Retry-After", Long.toString(seconds));
    }
    byte[] body = json.writeValueAsBytes(OpenAiError.of(e));
    return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(body)));
  }

  /** Returns the failure as the caller may see it. */
  public static PonderException translate(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof PonderException e) {
        return e;
      }
      if (t instanceof DataBufferLimitException) {
        return tooLarge();
      }
      if (t instanceof ServerWebInputException e) {
        return badInput(e);
      }
      if (t instanceof DecodingException) {
        // A request's body fails inside a ServerWebInputException; this is another server's answer.
        return new PonderException(
            ErrorCode.UPSTREAM_FAILED, "another service's answer was not understood" + at(t));
      }
      if (t instanceof TimeoutException) {
        return new PonderException(ErrorCode.DEADLINE_EXCEEDED, "the answer took too long");
      }
    }
    return switch (failure) {
      case UnsupportedMediaTypeStatusException e ->
          new PonderException(
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "Content-Type: " + e.getContentType() + " (expected: " + expectedTypes(e) + ")");
      case MethodNotAllowedException e ->
          new PonderException(
              ErrorCode.METHOD_NOT_ALLOWED,
              "method: "
                  + e.getHttpMethod()
                  + " (expected: one of "
                  + e.getSupportedMethods()
                  + ")");
      case NoResourceFoundException e -> new PonderException(ErrorCode.NOT_FOUND, "no such path");
      case ResponseStatusException e when e.getStatusCode().value() == 404 ->
          new PonderException(ErrorCode.NOT_FOUND, "no such path");
      case ResponseStatusException e when e.getStatusCode().value() == 413 ->
          new PonderException(ErrorCode.REQUEST_TOO_LARGE, "body: too large");
      case ResponseStatusException e when e.getStatusCode().is4xxClientError() ->
          new PonderException(
              ErrorCode.INVALID_VALUE, e.getReason() == null ? "bad request" : e.getReason());
      default -> new PonderException(ErrorCode.INTERNAL, "internal error", failure);
    };
  }

  private static String expectedTypes(UnsupportedMediaTypeStatusException e) {
    List<MediaType> supported = e.getSupportedMediaTypes();
    // Every codec's type is listed when the handler named none; JSON is what it means then.
    return supported.size() == 1 ? supported.getFirst().toString() : "application/json";
  }

  private static PonderException badInput(ServerWebInputException e) {
    if (e instanceof MissingRequestValueException missing) {
      return PonderException.missing(missing.getName(), "a " + missing.getLabel());
    }
    for (Throwable t = e.getCause(); t != null; t = t.getCause()) {
      if (t instanceof DataBufferLimitException) {
        return tooLarge();
      }
      if (t instanceof PonderException p) {
        return p;
      }
      if (t instanceof CodecException) {
        return new PonderException(
            ErrorCode.INVALID_JSON, "body: not valid JSON of the expected shape" + at(t));
      }
      if (t instanceof TypeMismatchException mismatch) {
        Class<?> type = mismatch.getRequiredType();
        return PonderException.invalid(
            mismatch.getPropertyName() == null ? "parameter" : mismatch.getPropertyName(),
            mismatch.getValue(),
            type == null ? "another type" : type.getSimpleName());
      }
    }
    return new PonderException(ErrorCode.INVALID_JSON, "body: missing or not readable");
  }

  private static PonderException tooLarge() {
    return new PonderException(
        ErrorCode.REQUEST_TOO_LARGE, "body: too large (expected: at most the server's limit)");
  }

  private static String at(Throwable t) {
    for (Throwable cause = t; cause != null; cause = cause.getCause()) {
      if (cause instanceof tools.jackson.core.JacksonException e) {
        String where =
            e.getLocation() == null
                ? ""
                : " at line "
                    + e.getLocation().getLineNr()
                    + ", column "
                    + e.getLocation().getColumnNr();
        return where;
      }
    }
    return "";
  }
}
