package dev.ponder.strategy.algorithm;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds that depend on nothing but a run's seed and a name in it. */
public final class Seeds {
  private Seeds() {}

  /** Returns the run's seed when the request gave none. */
  public static long ofRun(String runId) {
    return of(0, runId);
  }

  /**
   * Returns a call's seed: 31 bits, because some endpoints take no more. Among 64 calls of a run
   * two agree with a chance below 1e-6.
   */
  public static long of(long runSeed, String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((runSeed + "|" + name).getBytes(StandardCharsets.UTF_8));
      long bits = 0;
      for (int i = 0; i < 4; i++) {
        bits = bits << 8 | (digest[i] & 0xff);
      }
      return bits & 0x7fff_ffffL;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is required of every JDK", e);
    }
  }
}
