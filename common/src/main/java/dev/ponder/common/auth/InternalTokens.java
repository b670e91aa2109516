package dev.ponder.common.auth;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs and verifies the token that tells a service on whose behalf another one calls: {@code
 * v1.base64url(tenant|requestId|deadline|issued).base64url(HMAC-SHA256)}.
 *
 * <p>Thread-safe: immutable, one {@link Mac} a call.
 */
public final class InternalTokens {
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

  /** A token lives this long after it was issued; long generations carry theirs from the start. */
  public static final long LIFETIME_MILLIS = 3_600_000;

  private final SecretKeySpec key;

  /**
   * Makes the signer of one installation.
   *
   * @param secret at least 16 characters, the same in every service
   */
  public InternalTokens(String secret) {
    if (secret.length() < 16) {
      throw new IllegalArgumentException(
          "ponder.internal.secret: "
              + secret.length()
              + " characters (expected: at least 16, the same in every service)");
    }
    this.key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
  }

  public String sign(Caller caller, long nowMillis) {
    String claims =
        String.join(
            "|",
            caller.tenant(),
            caller.requestId(),
            Long.toString(caller.deadlineMillis()),
            Long.toString(nowMillis));
    String body = ENCODER.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
    return "v1." + body + "." + ENCODER.encodeToString(mac(body));
  }

  /**
   * Returns the caller a token names.
   *
   * @throws PonderException with {@link ErrorCode#FORBIDDEN} when it is absent, forged or too old
   */
  public Caller verify(@Nullable String token, long nowMillis) {
    if (token == null) {
      throw refused("missing");
    }
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3 || !parts[0].equals("v1")) {
      throw refused("malformed");
    }
    try {
      if (!MessageDigest.isEqual(mac(parts[1]), Base64.getUrlDecoder().decode(parts[2]))) {
        throw refused("not signed by this installation");
      }
      String[] claims =
          new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
              .split("\\|", -1);
      if (Math.abs(nowMillis - Long.parseLong(claims[3])) > LIFETIME_MILLIS) {
        throw refused("expired");
      }
      return new Caller(claims[0], claims[1], Long.parseLong(claims[2]));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw refused("malformed");
    }
  }

  /**
   * Returns HMAC-SHA256 of a tenant's id under the server's secret: the tenant part of a prefix
   * key.
   */
  public byte[] tenantMac(String tenant) {
    return mac("tenant|" + tenant);
  }

  private byte[] mac(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is required of every JDK", e);
    }
  }

  private static PonderException refused(String why) {
    return new PonderException(ErrorCode.FORBIDDEN, Caller.HEADER + ": " + why);
  }
}
