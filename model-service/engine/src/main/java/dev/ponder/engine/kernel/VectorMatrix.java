package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.gguf.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
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
 * then 16 float scales per group and, if the format has them, 16 float minima; for Q4_1, 16 words
 * with a scale in the lower half and a minimum in the upper one, both half floats as in the file.
 * Missing rows of the last tile are zero.
 */
final class VectorMatrix extends Matrix {
  static final int SCALES = TILE * Float.BYTES;

  final MemorySegment data;
  final boolean nibbles;
  final boolean minimum;

  /** Whether scales and minima are pairs of half floats; they are finite. */
  final boolean halves;

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
    halves = format.type() == TensorType.Q4_1;
    blockBytes = codeBytes + (halves ? SCALES : SCALES * (groups + (minimum ? 1 : 0)));
    tileBytes = (long) blocks * blockBytes;
    data = arena.allocate(tileBytes * tiles(), 64);
    pack(format, source);
    release(source);
  }

  private void pack(BlockFormat format, MemorySegment source) {
    Unpacked row = new Unpacked(cols());
    byte[] bytes = new byte[Math.toIntExact(tileBytes)];
    ByteBuffer tile = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int first = 0; first < rows(); first += TILE) {
      Arrays.fill(bytes, (byte) 0);
      for (int lane = 0; lane < TILE && first + lane < rows(); lane++) {
        format.unpack(source, (first + lane) * format.rowBytes(cols()), cols(), row);
        for (int block = 0; block < blocks; block++) {
          int at = block * blockBytes;
          int from = block * Activations.BLOCK;
          if (nibbles) {
            packNibbles(row.weights(), from, tile, at + lane * Integer.BYTES);
          } else {
            for (int k = 0; k < Activations.BLOCK; k++) {
              bytes[at + k * TILE + lane] = row.weights()[from + k];
            }
          }
          packScales(row, block, tile, at + codeBytes + lane * Float.BYTES);
        }
      }
      MemorySegment.copy(bytes, 0, data, JAVA_BYTE, first / TILE * tileBytes, bytes.length);
    }
  }

  /** Four words of eight columns each. */
  private void packNibbles(byte[] w, int from, ByteBuffer tile, int at) {
    for (int v = 0; v < 4; v++) {
      int word = 0;
      for (int j = 7; j >= 0; j--) {
        word = (word << 4) | (w[from + 8 * v + j] - center);
      }
      tile.putInt(at + v * SCALES, word);
    }
  }

  private void packScales(Unpacked row, int block, ByteBuffer tile, int at) {
    if (halves) {
      int scale = Float.floatToFloat16(row.scales()[block]) & 0xFFFF;
      tile.putInt(at, scale | (Float.floatToFloat16(row.minima()[block]) << 16));
      return;
    }
    for (int g = 0; g < groups; g++) {
      tile.putFloat(at + g * SCALES, row.scales()[block * groups + g]);
    }
    if (minimum) {
      tile.putFloat(at + groups * SCALES, row.minima()[block]);
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
