package dev.ponder.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns ids into text as they come, never half a code point: the bytes of an unfinished character
 * wait for the next token. Bytes become U+FFFD only when they can no longer become a character. All
 * parts together are {@link Tokenizer#decode} of all ids. For one sequence; NOT thread-safe.
 */
public final class StreamingDecoder {
  /** An unfinished UTF-8 character has at most three bytes. */
  private static final int MOST_PENDING = 3;

  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] pending = {};

  public StreamingDecoder(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Returns the text that is certain once this token has come; may be empty. */
  public String push(int id) {
    byte[] bytes = tokenizer.bytes(id);
    return bytes.length == 0 ? "" : decode(bytes, false);
  }

  /** Returns what an unfinished character leaves, U+FFFD, or nothing; then starts anew. */
  public String flush() {
    String rest = decode(new byte[0], true);
    decoder.reset();
    return rest;
  }

  private String decode(byte[] bytes, boolean last) {
    ByteBuffer in = ByteBuffer.allocate(pending.length + bytes.length);
    in.put(pending).put(bytes).flip();
    // Every byte gives at most one char: a character of n bytes is one char, or two for four.
    CharBuffer out = CharBuffer.allocate(in.remaining());
    decoder.decode(in, out, last);
    if (last) {
      decoder.flush(out);
    }
    assert in.remaining() <= MOST_PENDING;
    pending = new byte[in.remaining()];
    in.get(pending);
    return out.flip().toString();
  }
}
