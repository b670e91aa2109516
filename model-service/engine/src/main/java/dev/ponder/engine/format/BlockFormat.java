package dev.ponder.engine.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A format of small integers with shared scales. Every block unpacks to signed integers w (zero
 * point already taken off) in groups that share a float scale d and, in some formats, a float
 * minimum m: weight = w * d + m. For the K types d and m are products of a half float and a small
 * integer, which are exact in float. That product is the only thing the K types form in float
 * before the dot product; the dot product of w itself is formed in int32, group by group.
 */
public abstract sealed class BlockFormat extends WeightFormat
    permits Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K {
  /** Eight bytes of a file at once. */
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The low nibbles of eight bytes. */
  static final long NIBBLES = 0x0F0F_0F0F_0F0F_0F0FL;

  private final int groupSize;
  private final boolean minimum;
  private final int least;
  private final int greatest;

  /** Where the half floats of a block lie. */
  private final int[] halves;

  BlockFormat(
      TensorType type, int groupSize, boolean minimum, int least, int greatest, int... halves) {
    super(type);
    this.groupSize = groupSize;
    this.minimum = minimum;
    this.least = least;
    this.greatest = greatest;
    this.halves = halves;
  }

  /** Returns how many weights share a scale: 32, or 16 for Q6_K. */
  public final int groupSize() {
    return groupSize;
  }

  /** Whether groups carry a minimum. */
  public final boolean hasMinimum() {
    return minimum;
  }

  /** Refuses a tensor with a scale that is NaN or infinite: it is damaged. */
  @Override
  public final void check(String tensor, MemorySegment data) {
    for (long at = 0; at < data.byteSize(); at += type().blockBytes()) {
      for (int half : halves) {
        if ((data.get(FloatFormat.SHORT, at + half) & 0x7C00) == 0x7C00) {
          throw EngineException.invalidFile(
              tensor + " scale in byte " + (at + half), half(data, at + half), "a finite number");
        }
      }
    }
  }

  /** Returns the least integer weight. */
  public final int least() {
    return least;
  }

  /** Returns the greatest integer weight. */
  public final int greatest() {
    return greatest;
  }

  /**
   * Unpacks the block at byte {@code offset}.
   *
   * @param w receives the integers from index {@code at} on
   * @param d receives one scale a group from index {@code at / groupSize} on
   * @param m receives one minimum a group likewise; untouched without {@link #hasMinimum}
   */
  abstract void unpackBlock(
      MemorySegment data, long offset, byte[] w, int at, float[] d, float[] m);

  /** Unpacks the {@code cols} weights of the row that starts at byte {@code offset}. */
  public final void unpack(MemorySegment data, long offset, int cols, Unpacked to) {
    int size = type().blockSize();
    int bytes = type().blockBytes();
    for (int at = 0; at < cols; at += size) {
      unpackBlock(data, offset + (long) (at / size) * bytes, to.w, at, to.d, to.m);
    }
  }

  /**
   * Whether scales, and minima, are products of a half float, the unit, that 256 weights share and
   * of an integer of their own: the K types.
   */
  public final boolean hasFactors() {
    return type().blockSize() == 256;
  }

  /**
   * Unpacks what scales and minima are products of: steps and units.
   *
   * @throws UnsupportedOperationException without {@link #hasFactors}
   */
  public final void unpackFactors(MemorySegment data, long offset, int cols, Unpacked to) {
    for (int block = 0; block < cols / type().blockSize(); block++) {
      unpackBlockFactors(data, offset + (long) block * type().blockBytes(), block, to);
    }
  }

  void unpackBlockFactors(MemorySegment data, long offset, int block, Unpacked to) {
    throw new UnsupportedOperationException(type() + ": no factors");
  }

  /**
   * The integer dot product of one group: exact in int32 whatever the order, because 32 products of
   * an int8 and a 16-bit integer stay below 2^27.
   */
  public static int dot(byte[] w, short[] q, int from, int count) {
    int sum = 0;
    for (int k = from; k < from + count; k++) {
      sum += w[k] * q[k];
    }
    return sum;
  }

  @Override
  public final void decode(
      MemorySegment data, long offset, int cols, float[] out, Unpacked scratch) {
    unpack(data, offset, cols, scratch);
    for (int i = 0; i < cols; i++) {
      int group = i / groupSize;
      float d = scratch.d[group];
      out[i] = minimum ? Math.fma(scratch.w[i], d, scratch.m[group]) : scratch.w[i] * d;
    }
  }

  static float half(MemorySegment data, long offset) {
    return Float.float16ToFloat(data.get(FloatFormat.SHORT, offset));
  }

  static int unsigned(MemorySegment data, long offset) {
    return data.get(JAVA_BYTE, offset) & 0xFF;
  }

  /** 32 nibbles in 16 bytes: the low ones are the first 16 weights. Adds {@code zero} to each. */
  static void nibbles(MemorySegment data, long offset, byte[] w, int at, int zero) {
    for (int i = 0; i < 16; i += 8) {
      long pairs = data.get(LONG, offset + i);
      EightBytes.set(w, at + i, EightBytes.add(pairs & NIBBLES, zero));
      EightBytes.set(w, at + 16 + i, EightBytes.add(pairs >>> 4 & NIBBLES, zero));
    }
  }

  /** Adds the fifth bits, 32 of them in a little-endian word, to unpacked nibbles. */
  static void fifthBits(MemorySegment data, long offset, byte[] w, int at) {
    for (int i = 0; i < 32; i++) {
      w[at + i] += (byte) ((unsigned(data, offset + i / 8) >> (i % 8) & 1) << 4);
    }
  }
}
