package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.Unpacked;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Quantised weights repacked in tiles of 16 rows, so that a vector holds the same column of 16 rows
 * and one activation is broadcast to all. A tile is a run of blocks of 32 columns:
 *
 * <ul>
 *   <li>4-bit: four vectors of 16 words; word r of vector v holds columns 8v to 8v + 7 of row r,
 *       one nibble each, as unsigned codes from which {@link #center} leads to the integer weight;
 *   <li>8-bit: 32 vectors of 16 signed bytes, one a column;
 * </ul>
 *
 * then 16 float scales per group and, if the format has them, 16 float minima. Missing rows of the
 * last tile are zero.
 */
final class VectorMatrix extends Matrix {
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final int SCALES = TILE * Float.BYTES;

  final MemorySegment data;
  final boolean nibbles;
  final boolean minimum;

  /** Groups of a block: 1, or 2 for groups of 16. */
  final int groups;

  /** Integer weight = stored code + center. Zero for 8-bit codes and formats with minima. */
  final int center;

  /** Whether products with 16-bit activations need the two halves of the activations. */
  final boolean split;

  final int blocks;
  final int codeBytes;
  final int blockBytes;
  final long tileBytes;

  VectorMatrix(
      String name,
      BlockFormat format,
      MemorySegment source,
      int rows,
      int cols,
      float @Nullable [] bias,
      Arena arena) {
    super(name, rows, cols, bias);
    groups = Activations.BLOCK / format.groupSize();
    minimum = format.hasMinimum();
    nibbles = format.greatest() - format.least() <= 15 && groups == 1;
    center = nibbles ? format.least() : 0;
    int magnitude = Math.max(format.greatest() - center, -format.least() + center);
    long worst = (long) magnitude * format.groupSize() * ActivationPrecision.BITS16.greatest();
    split = worst >= 1 << 24;
    blocks = cols / Activations.BLOCK;
    codeBytes = nibbles ? TILE * 16 : TILE * 32;
    blockBytes = codeBytes + SCALES * (groups + (minimum ? 1 : 0));
    tileBytes = (long) blocks * blockBytes;
    data = arena.allocate(tileBytes * tiles(), 64);
    pack(format, source);
  }

  private void pack(BlockFormat format, MemorySegment source) {
    int cols = cols();
    Unpacked unpacked = new Unpacked(cols);
    byte[] w = unpacked.weights();
    float[] d = unpacked.scales();
    float[] m = unpacked.minima();
    for (int row = 0; row < rows(); row++) {
      format.unpack(source, row * format.rowBytes(cols), cols, unpacked);
      long tile = row / TILE * tileBytes;
      int lane = row % TILE;
      for (int block = 0; block < blocks; block++) {
        long at = tile + (long) block * blockBytes;
        if (nibbles) {
          packNibbles(w, block * Activations.BLOCK, at, lane);
        } else {
          for (int k = 0; k < Activations.BLOCK; k++) {
            byte code = (byte) (w[block * Activations.BLOCK + k] - center);
            data.set(JAVA_BYTE, at + (long) k * TILE + lane, code);
          }
        }
        long scales = at + codeBytes + (long) lane * Float.BYTES;
        for (int g = 0; g < groups; g++) {
          data.set(FLOAT, scales + (long) g * SCALES, d[block * groups + g]);
        }
        if (minimum) {
          data.set(FLOAT, scales + (long) groups * SCALES, m[block]);
        }
      }
    }
  }

  private void packNibbles(byte[] w, int from, long at, int lane) {
    for (int pair = 0; pair < 16; pair++) {
      int low = w[from + 2 * pair] - center;
      int high = w[from + 2 * pair + 1] - center;
      long to = at + pair / 4 * (TILE * 4L) + lane * 4L + pair % 4;
      data.set(JAVA_BYTE, to, (byte) (low | (high << 4)));
    }
  }

  @Override
  public long bytes() {
    return data.byteSize();
  }

  @Override
  public boolean takesFloats() {
    return false;
  }
}
