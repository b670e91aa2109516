package dev.ponder.model.kv;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.kv.KvFrame;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;

/**
 * Cuts a stream of (length u32 little-endian, frame) into frames, whatever the buffers' limits are.
 * Holds one frame at most. NOT thread-safe: one per stream.
 */
final class FrameAssembler {
  private int lengthBytes;
  private int length;
  private byte @Nullable [] frame;
  private int filled;

  /**
   * Takes a buffer's bytes (the caller releases it) and returns the frames they complete.
   *
   * @throws PonderException when a length is not that of a frame
   */
  List<byte[]> push(DataBuffer buffer) {
    List<byte[]> complete = new ArrayList<>(1);
    while (buffer.readableByteCount() > 0) {
      byte[] current = frame;
      if (current == null) {
        length |= (buffer.read() & 0xff) << (8 * lengthBytes);
        lengthBytes++;
        if (lengthBytes == Integer.BYTES) {
          frame = new byte[checked(length)];
        }
        continue;
      }
      int count = Math.min(current.length - filled, buffer.readableByteCount());
      buffer.read(current, filled, count);
      filled += count;
      if (filled == current.length) {
        complete.add(current);
        frame = null;
        filled = 0;
        length = 0;
        lengthBytes = 0;
      }
    }
    return complete;
  }

  private static int checked(int length) {
    if (length < KvFrame.HEADER_BYTES || length > KvFrame.MAX_FRAME_BYTES) {
      throw new PonderException(
          ErrorCode.KV_BLOCK_CORRUPT,
          "frame length: "
              + length
              + " (expected: "
              + KvFrame.HEADER_BYTES
              + " to "
              + KvFrame.MAX_FRAME_BYTES
              + ")");
    }
    return length;
  }
}
