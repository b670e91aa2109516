package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The storage formats of tensors this engine reads, with GGUF's type numbers. */
public enum TensorType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  BF16(30, 1, 2);

  private final int id;
  private final int blockSize;
  private final int blockBytes;

  TensorType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /**
   * Returns the type with a number of the file format.
   *
   * @throws EngineException UNSUPPORTED for a number that is not one of these
   */
  public static TensorType ofId(int id) {
    for (TensorType type : values()) {
      if (type.id == id) {
        return type;
      }
    }
    throw EngineException.unsupported(
        "tensor type",
        Integer.toUnsignedString(id),
        "one of "
            + Arrays.stream(values())
                .map(t -> t.id + " " + t.name())
                .collect(Collectors.joining(", ")));
  }

  public int id() {
    return id;
  }

  /** Elements in a block; a row holds a whole number of blocks. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes of a stored block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Returns the stored size in bytes of {@code elements}, which is a multiple of the block. */
  public long bytes(long elements) {
    return Math.multiplyExact(elements / blockSize, (long) blockBytes);
  }
}
