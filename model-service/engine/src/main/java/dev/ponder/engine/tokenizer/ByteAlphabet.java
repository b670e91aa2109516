package dev.ponder.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * GPT-2's picture of bytes as visible characters: a byte that is a visible Latin-1 character stands
 * for itself, the other 68 are U+0100 onwards in order.
 */
final class ByteAlphabet {
  private static final char[] SYMBOLS = new char[256];
  private static final int[] BYTES = new int[0x100 + 68];

  static {
    java.util.Arrays.fill(BYTES, -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean visible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      SYMBOLS[b] = visible ? (char) b : (char) next++;
      BYTES[SYMBOLS[b]] = b;
    }
  }

  private ByteAlphabet() {}

  static char symbol(int unsignedByte) {
    return SYMBOLS[unsignedByte];
  }

  /** Returns the picture of a text's UTF-8 bytes. */
  static String picture(byte[] bytes) {
    StringBuilder picture = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      picture.append(SYMBOLS[Byte.toUnsignedInt(b)]);
    }
    return picture.toString();
  }

  /** Returns the bytes of a picture; a character outside the alphabet gives its own UTF-8 bytes. */
  static byte[] bytes(String picture) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(picture.length());
    picture
        .codePoints()
        .forEach(c -> {
          if (c < BYTES.length && BYTES[c] >= 0) {
            bytes.write(BYTES[c]);
          } else {
            bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
          }
        });
    return bytes.toByteArray();
  }
}
