package dev.ponder.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * Cuts a body into frames at a separator, wherever the network cut it. Not thread-safe: one body
 * each.
 */
final class Frames {
  private final String separator;
  private final ByteArrayOutputStream rest = new ByteArrayOutputStream();

  Frames(String separator) {
    this.separator = separator;
  }

  /** Returns the frames that are complete with these bytes; releases the buffer. */
  List<String> feed(DataBuffer buffer) {
    byte[] bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    rest.writeBytes(bytes);
    // The separator is ASCII, which never occurs inside a multi-byte character of UTF-8; ISO-8859-1
    // maps bytes one to one, so cutting is done there.
    String all = rest.toString(StandardCharsets.ISO_8859_1);
    List<String> frames = new ArrayList<>();
    int from = 0;
    for (int at = all.indexOf(separator); at >= 0; at = all.indexOf(separator, from)) {
      byte[] frame = all.substring(from, at).getBytes(StandardCharsets.ISO_8859_1);
      frames.add(new String(frame, StandardCharsets.UTF_8));
      from = at + separator.length();
    }
    rest.reset();
    rest.writeBytes(all.substring(from).getBytes(StandardCharsets.ISO_8859_1));
    return frames;
  }
}
