package dev.ponder.common.prefix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The chain of block keys of a token sequence: {@code key(i) = SHA-256(key(i-1) || tokens of block
 * i as int32 little-endian)}, with {@code key(-1)} the seed. Only full blocks have a key. The same
 * bytes in every JVM, restart and service; golden vectors are in the tests.
 */
public final class PrefixKeys {
  private PrefixKeys() {}

  /**
   * Returns the lower-case hexadecimal keys of the full blocks of {@code tokens}, first block
   * first.
   *
   * @param blockTokens tokens in a block, as in the seed
   */
  public static List<String> of(PrefixSeed seed, int[] tokens, int blockTokens) {
    if (blockTokens < 1) {
      throw new IllegalArgumentException("blockTokens: " + blockTokens + " (expected: at least 1)");
    }
    List<String> keys = new ArrayList<>(tokens.length / blockTokens);
    byte[] previous = seed.bytes();
    ByteBuffer block =
        ByteBuffer.allocate(blockTokens * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    MessageDigest sha = sha256();
    for (int start = 0; start + blockTokens <= tokens.length; start += blockTokens) {
      block.clear();
      for (int i = 0; i < blockTokens; i++) {
        block.putInt(tokens[start + i]);
      }
      sha.update(previous);
      sha.update(block.flip());
      previous = sha.digest();
      keys.add(HexFormat.of().formatHex(previous));
    }
    return keys;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is required of every JDK", e);
    }
  }
}
