package dev.ponder.common.auth;

/**
 * Who is asking, as the gateway established it.
 *
 * @param tenant the tenant's id; it comes from the authenticated key, never from a request's body
 * @param requestId the public request's id, the same in every service that works on it
 * @param deadlineMillis epoch milliseconds after which nobody waits for the answer; 0 when
 *     unlimited
 */
public record Caller(String tenant, String requestId, long deadlineMillis) {
  /** The header that carries the signed form between services. */
  public static final String HEADER = "X-Ponder-Token";

  public Caller {
    if (!tenant.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new IllegalArgumentException(
          "tenant: " + tenant + " (expected: 1 to 64 of A-Z a-z 0-9 _ -)");
    }
    if (!requestId.matches("[A-Za-z0-9_.-]{1,128}")) {
      throw new IllegalArgumentException("requestId: (expected: 1 to 128 of A-Z a-z 0-9 _ . -)");
    }
  }
}
