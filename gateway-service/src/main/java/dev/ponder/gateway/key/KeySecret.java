package dev.ponder.gateway.key;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.random.RandomGenerator;

/** A key as its owner holds it. Its text is shown once and never stored or logged. */
final class KeySecret {
  private static final String MARK = "sk-ponder-";
  private static final int RANDOM_BYTES = 32;
  private static final int SHOWN = MARK.length() + 6;

  /** Longer texts are no keys; not worth a hash. */
  static final int MAX_LENGTH = 256;

  private final String text;

  KeySecret(String text) {
    this.text = text;
  }

  /** Draws a new one: 256 random bits, so that a plain hash of it cannot be guessed back. */
  static KeySecret random(RandomGenerator random) {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return new KeySecret(MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  String text() {
    return text;
  }

  /** What may be shown of it: at most half of a short key. */
  String prefix() {
    return text.substring(0, Math.min(SHOWN, text.length() / 2)) + "...";
  }

  byte[] hash() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is required of every JDK", e);
    }
  }

  @Override
  public String toString() {
    return prefix();
  }
}
