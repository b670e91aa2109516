package dev.ponder.common.prefix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Everything besides the tokens that decides what a KV block holds. Two processes with equal seeds
 * compute the same bits for the same tokens (docs/arithmetic.md), so they may share blocks.
 *
 * <p>Immutable; the arrays are copied in.
 */
public final class PrefixSeed {
  /** Raised whenever the encoding below or the layout of a block changes. */
  public static final int LAYOUT_VERSION = 1;

  private static final int DIGEST_BYTES = 32;

  private final byte[] seed;

  private PrefixSeed(byte[] seed) {
    this.seed = seed;
  }

  /**
   * Returns the seed of everything below, hashed in one fixed binary encoding.
   *
   * @param modelDigest SHA-256 of the model file
   * @param tokenizerDigest SHA-256 of the tokenizer's tables
   * @param ropeBase RoPE's frequency base
   * @param ropeScale RoPE's linear scale (1 when unscaled)
   * @param contextLength positions the model was built for
   * @param activationBits 8 or 16: the precision of quantised activations
   * @param kvType the stored form of K and V, such as {@code f16}
   * @param blockTokens tokens in a block
   * @param adapterDigest SHA-256 of the adapter, null when there is none
   * @param adapterScale the adapter's scale, 0 when there is none
   * @param tenantMac HMAC of the tenant under the server's secret
   */
  public static PrefixSeed of(
      byte[] modelDigest,
      byte[] tokenizerDigest,
      double ropeBase,
      double ropeScale,
      int contextLength,
      int activationBits,
      String kvType,
      int blockTokens,
      byte @Nullable [] adapterDigest,
      float adapterScale,
      byte[] tenantMac) {
    byte[] kv = kvType.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    if (kv.length < 1 || kv.length > 16) {
      throw new IllegalArgumentException("kvType: " + kvType + " (expected: 1 to 16 characters)");
    }
    if (blockTokens < 1) {
      throw new IllegalArgumentException("blockTokens: " + blockTokens + " (expected: at least 1)");
    }
    ByteBuffer b = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(LAYOUT_VERSION);
    b.put(digest("modelDigest", modelDigest));
    b.put(digest("tokenizerDigest", tokenizerDigest));
    b.putDouble(ropeBase).putDouble(ropeScale);
    b.putInt(contextLength).putInt(activationBits);
    b.putInt(kv.length).put(kv);
    b.putInt(blockTokens);
    b.put(adapterDigest == null ? new byte[DIGEST_BYTES] : digest("adapterDigest", adapterDigest));
    b.putFloat(adapterScale);
    b.put(digest("tenantMac", tenantMac));
    MessageDigest sha = PrefixKeys.sha256();
    sha.update(b.flip());
    return new PrefixSeed(sha.digest());
  }

  byte[] bytes() {
    return seed;
  }

  private static byte[] digest(String name, byte[] value) {
    if (value.length != DIGEST_BYTES) {
      throw new IllegalArgumentException(
          name + ": " + value.length + " bytes (expected: " + DIGEST_BYTES + ")");
    }
    return value;
  }
}
