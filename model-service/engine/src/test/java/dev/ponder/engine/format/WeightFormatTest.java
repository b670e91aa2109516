package dev.ponder.engine.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every format decodes to what its layout says, weight by weight. */
class WeightFormatTest {
  private static final long SEED = Long.getLong("test.seed", 20261125);
  private static final int BLOCKS = 40;

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void decodesWeightByWeight(TensorType type) {
    SplittableRandom random = new SplittableRandom(SEED);
    int cols = BLOCKS * type.blockSize();
    byte[] data = RandomBlocks.of(type, cols, 0.1, random);
    float[] expected = new float[cols];
    for (int i = 0; i < cols; i++) {
      int from = i / type.blockSize() * type.blockBytes();
      ByteBuffer block = ByteBuffer.wrap(data, from, type.blockBytes()).slice();
      expected[i] = weight(type, block.order(ByteOrder.LITTLE_ENDIAN), i % type.blockSize());
    }
    assertThat(decode(type, data, cols, 0)).as("seed %d", SEED).isEqualTo(expected);
    assertThat(decode(type, data, cols, 3)).as("unaligned, seed %d", SEED).isEqualTo(expected);
    data[type.blockBytes() * BLOCKS / 2 + type.blockBytes() / 2] ^= 0x11; // in or between codes
    assertThat(decode(type, data, cols, 0)).as("flipped, seed %d", SEED).isNotEqualTo(expected);
  }

  private static float[] decode(TensorType type, byte[] data, int cols, int offset) {
    float[] out = new float[cols];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(offset + data.length, 64);
      memory.asSlice(offset).copyFrom(MemorySegment.ofArray(data));
      WeightFormat.of(type).decode(memory, offset, cols, out, new Unpacked(cols));
    }
    return out;
  }

  private static float weight(TensorType type, ByteBuffer b, int i) {
    return switch (type) {
      case F32 -> b.getFloat(0);
      case F16 -> half(b, 0);
      case BF16 -> Float.intBitsToFloat(b.getShort(0) << 16);
      case Q4_0 -> (nibble(b, 2, i) - 8) * half(b, 0);
      case Q4_1 -> Math.fma(nibble(b, 4, i), half(b, 0), half(b, 2));
      case Q5_0 -> ((nibble(b, 6, i) | bit(b.getInt(2), i) << 4) - 16) * half(b, 0);
      case Q5_1 -> Math.fma(nibble(b, 8, i) | bit(b.getInt(4), i) << 4, half(b, 0), half(b, 2));
      case Q8_0 -> b.get(2 + i) * half(b, 0);
      case Q4_K -> k(b, i, pairedNibble(b, 16, i));
      case Q5_K -> k(b, i, pairedNibble(b, 48, i) | bit(b.get(16 + i % 32), i / 32) << 4);
      case Q6_K -> {
        int quarter = i / 32 % 4;
        int low = b.get(i / 128 * 64 + quarter % 2 * 32 + i % 32) >> (quarter / 2 * 4) & 15;
        int high = b.get(128 + i / 128 * 32 + i % 32) >> (2 * quarter) & 3;
        yield ((high << 4 | low) - 32) * (half(b, 208) * b.get(192 + i / 16));
      }
    };
  }

  /** A weight of a K format: six-bit scale and minimum of its group, by the half floats. */
  private static float k(ByteBuffer b, int i, int code) {
    int g = i / 32;
    int scale;
    int minimum;
    if (g < 4) {
      scale = b.get(4 + g) & 63;
      minimum = b.get(8 + g) & 63;
    } else {
      scale = (b.get(8 + g) & 15) | (b.get(g) & 0xC0) >> 2;
      minimum = (b.get(8 + g) >> 4 & 15) | (b.get(4 + g) & 0xC0) >> 2;
    }
    return Math.fma(code, half(b, 0) * scale, -(half(b, 2) * minimum));
  }

  /** Code i of 32: the low nibbles of 16 bytes come first. */
  private static int nibble(ByteBuffer b, int from, int i) {
    return b.get(from + i % 16) >> (i / 16 * 4) & 15;
  }

  /** Code i of 256: in every 32 bytes, the low nibbles come first. */
  private static int pairedNibble(ByteBuffer b, int from, int i) {
    return b.get(from + i / 64 * 32 + i % 32) >> (i / 32 % 2 * 4) & 15;
  }

  private static int bit(int word, int i) {
    return word >> i & 1;
  }

  private static float half(ByteBuffer b, int at) {
    return Float.float16ToFloat(b.getShort(at));
  }
}
