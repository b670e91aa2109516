package dev.ponder.common.kv;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * One KV block on the wire, all fields little-endian:
 *
 * <pre>
 *   0  magic "PKVB"      4   version (1)        u16
 *   6  dtype             u16 (1 f16, 2 int8)     8   layers (0: unsaid)  u32
 *  12  first token       u32                    16   token count        u32
 *  20  payload bytes     u32                    24   CRC-32C            u32, of all the rest
 *  28  reserved, zero    u32                    32   key                32 bytes
 *  64  token ids         int32 each             ..   payload
 * </pre>
 *
 * The frame is what Redis holds and what travels over HTTP, so a block is checked end to end: the
 * reader compares key and token ids with what it asked for, and the checksum with the content.
 */
public final class KvFrame {
  public static final int HEADER_BYTES = 64;

  /** A block of a large model is 4 MiB; anything above this is not a block. */
  public static final int MAX_PAYLOAD_BYTES = 16 << 20;

  public static final int MAX_TOKENS = 1024;

  /** More layers than any published model has; a wild value is a corrupt one. */
  public static final int MAX_LAYERS = 4096;

  /** The largest whole frame. */
  public static final int MAX_FRAME_BYTES =
      HEADER_BYTES + MAX_TOKENS * Integer.BYTES + MAX_PAYLOAD_BYTES;

  public static final short DTYPE_F16 = 1;
  public static final short DTYPE_INT8 = 2;

  private static final int MAGIC = 0x42564b50; // "PKVB", read as little-endian
  private static final short VERSION = 1;
  private static final int CRC_OFFSET = 24;

  private final String key;
  private final short dtype;
  private final int layers;
  private final int firstToken;
  private final int[] tokens;
  private final ByteBuffer payload;

  private KvFrame(
      String key, short dtype, int layers, int firstToken, int[] tokens, ByteBuffer payload) {
    this.key = key;
    this.dtype = dtype;
    this.layers = layers;
    this.firstToken = firstToken;
    this.tokens = tokens;
    this.payload = payload;
  }

  /**
   * Returns the dtype of a stored form of K and V.
   *
   * @param kvType {@code f16} or {@code int8}
   * @throws IllegalArgumentException for any other
   */
  public static short dtype(String kvType) {
    return switch (kvType) {
      case "f16" -> DTYPE_F16;
      case "int8" -> DTYPE_INT8;
      default ->
          throw new IllegalArgumentException("kvType: " + kvType + " (expected: f16 or int8)");
    };
  }

  /** Returns the encoded frame. */
  public static byte[] encode(
      String key, short dtype, int layers, int firstToken, int[] tokens, byte[] payload) {
    if (!known(dtype)) {
      throw new IllegalArgumentException("dtype: " + dtype + " (expected: 1 or 2)");
    }
    if (tokens.length < 1 || tokens.length > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "tokens: " + tokens.length + " (expected: 1 to " + MAX_TOKENS + ")");
    }
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "payload: " + payload.length + " bytes (expected: at most " + MAX_PAYLOAD_BYTES + ")");
    }
    if (layers < 0 || layers > MAX_LAYERS) {
      throw new IllegalArgumentException(
          "layers: " + layers + " (expected: 0 to " + MAX_LAYERS + ")");
    }
    if (firstToken < 0) {
      throw new IllegalArgumentException("firstToken: " + firstToken + " (expected: at least 0)");
    }
    byte[] keyBytes = HexFormat.of().parseHex(key);
    if (keyBytes.length != 32) {
      throw new IllegalArgumentException("key: " + key + " (expected: 64 hexadecimal digits)");
    }
    byte[] frame = new byte[HEADER_BYTES + tokens.length * Integer.BYTES + payload.length];
    ByteBuffer b = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(MAGIC).putShort(VERSION).putShort(dtype);
    b.putInt(layers).putInt(firstToken).putInt(tokens.length).putInt(payload.length);
    b.putInt(0).putInt(0).put(keyBytes);
    for (int token : tokens) {
      b.putInt(token);
    }
    b.put(payload);
    b.putInt(CRC_OFFSET, checksum(ByteBuffer.wrap(frame)));
    return frame;
  }

  /**
   * Returns the frame that {@code bytes} hold; the payload is a view of them.
   *
   * @throws PonderException with {@link ErrorCode#KV_BLOCK_CORRUPT} when any field, the length or
   *     the checksum is wrong
   */
  public static KvFrame decode(ByteBuffer bytes) {
    ByteBuffer b = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (b.remaining() < HEADER_BYTES) {
      throw corrupt("length", b.remaining(), "at least " + HEADER_BYTES);
    }
    int magic = b.getInt();
    short version = b.getShort();
    short dtype = b.getShort();
    if (magic != MAGIC || version != VERSION || !known(dtype)) {
      throw corrupt(
          "header", Integer.toHexString(magic) + "/" + version + "/" + dtype, "PKVB/1/1 or 2");
    }
    int layers = b.getInt();
    int firstToken = b.getInt();
    int count = b.getInt();
    int payloadBytes = b.getInt();
    int crc = b.getInt();
    int reserved = b.getInt();
    byte[] keyBytes = new byte[32];
    b.get(keyBytes);
    if (reserved != 0) {
      throw corrupt("reserved", Integer.toHexString(reserved), "0");
    }
    if (layers < 0 || layers > MAX_LAYERS || firstToken < 0) {
      throw corrupt(
          "layers/first token", layers + "/" + firstToken, "0 to " + MAX_LAYERS + "/at least 0");
    }
    if (count < 1 || count > MAX_TOKENS) {
      throw corrupt("tokens", count, "1 to " + MAX_TOKENS);
    }
    if (payloadBytes < 0
        || payloadBytes > MAX_PAYLOAD_BYTES
        || b.remaining() != (long) count * Integer.BYTES + payloadBytes) {
      throw corrupt("payload", payloadBytes, "the rest of the frame");
    }
    if (checksum(bytes.slice()) != crc) {
      throw corrupt("checksum", Integer.toHexString(crc), "that of the content");
    }
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = b.getInt();
    }
    return new KvFrame(
        HexFormat.of().formatHex(keyBytes), dtype, layers, firstToken, tokens, b.slice());
  }

  private static boolean known(short dtype) {
    return dtype == DTYPE_F16 || dtype == DTYPE_INT8;
  }

  private static int checksum(ByteBuffer frame) {
    CRC32C crc = new CRC32C();
    crc.update(frame.slice(0, CRC_OFFSET));
    crc.update(frame.slice(CRC_OFFSET + 4, frame.limit() - CRC_OFFSET - 4));
    return (int) crc.getValue();
  }

  private static PonderException corrupt(String name, Object value, String rule) {
    return new PonderException(
        ErrorCode.KV_BLOCK_CORRUPT,
        "KV frame " + name + ": " + value + " (expected: " + rule + ")");
  }

  public String key() {
    return key;
  }

  /** How K and V are stored: {@link #DTYPE_F16} or {@link #DTYPE_INT8}. */
  public short dtype() {
    return dtype;
  }

  public int layers() {
    return layers;
  }

  /** Position of the block's first token. */
  public int firstToken() {
    return firstToken;
  }

  public int tokenCount() {
    return tokens.length;
  }

  public int[] tokens() {
    return tokens.clone();
  }

  /** The stored K and V, read-only. */
  public ByteBuffer payload() {
    return payload.asReadOnlyBuffer();
  }
}
