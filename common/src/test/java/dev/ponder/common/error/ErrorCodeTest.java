package dev.ponder.common.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ErrorCodeTest {
  /** Clients branch on these; a change here breaks them, so it must be meant. */
  @Test
  void codesStatusesAndTypesAreStable() {
    assertThat(
            Arrays.stream(ErrorCode.values())
                .map(e -> e.code() + " " + e.httpStatus() + " " + e.type())
                .collect(Collectors.joining("\n")))
        .isEqualTo(
            """
            invalid_json 400 invalid_request_error
            invalid_value 400 invalid_request_error
            missing_required_parameter 400 invalid_request_error
            context_length_exceeded 400 invalid_request_error
            invalid_api_key 401 invalid_request_error
            forbidden 403 invalid_request_error
            not_found 404 invalid_request_error
            model_not_found 404 invalid_request_error
            method_not_allowed 405 invalid_request_error
            conflict 409 invalid_request_error
            request_too_large 413 invalid_request_error
            unsupported_media_type 415 invalid_request_error
            model_file_invalid 422 invalid_request_error
            rate_limit_exceeded 429 rate_limit_error
            insufficient_quota 429 rate_limit_error
            queue_full 429 rate_limit_error
            cancelled 499 server_error
            internal_error 500 server_error
            kv_block_corrupt 502 server_error
            upstream_failed 502 server_error
            upstream_unavailable 503 server_error
            model_not_loaded 503 server_error
            deadline_exceeded 504 server_error\
            """);
  }

  @Test
  void everyCodeIsFoundByItsWireForm() {
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(ErrorCode.ofCode(code.code())).isEqualTo(code);
    }
    assertThat(ErrorCode.ofCode("a_code_of_tomorrow")).isEqualTo(ErrorCode.INTERNAL);
  }

  @Test
  void anErrorSurvivesTheTripBetweenServices() {
    PonderException sent = PonderException.invalid("n", 100_000, "1 to 128");
    PonderException received = OpenAiError.of(sent).toException();
    assertThat(received.code()).isEqualTo(ErrorCode.INVALID_VALUE);
    assertThat(received.param()).isEqualTo("n");
    assertThat(received).hasMessage("n: 100000 (expected: 1 to 128)");
  }

  @Test
  void aLongValueIsShortenedInTheMessage() {
    assertThat(PonderException.invalid("stop", "x".repeat(10_000), "at most 100 characters"))
        .message()
        .hasSizeLessThan(140)
        .contains("...");
    assertThat(PonderException.busy(ErrorCode.QUEUE_FULL, "full", Duration.ofSeconds(3)))
        .extracting(PonderException::retryAfter)
        .isEqualTo(Duration.ofSeconds(3));
  }
}
