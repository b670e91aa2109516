package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.EightBytes;
import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.machine.TileLayout;
import dev.ponder.engine.machine.TileProduct;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Quantised weights repacked as {@link TileLayout} says; missing rows of the last tile are zero.
 */
final class MachineMatrix extends Matrix {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  final MemorySegment data;
  final TileLayout layout;

  /** The kernels for 8-bit and for 16-bit activations. */
  final List<TileProduct> products;

  final int blocks;
  final long tileBytes;

  MachineMatrix(
      String name,
      BlockFormat format,
      List<TileProduct> products,
      MemorySegment source,
      int rows,
      int cols,
      float @Nullable [] bias,
      LongFunction<MemorySegment> memory) {
    super(name, rows, cols, bias);
    layout = products.getFirst().layout();
    this.products = products;
    blocks = cols / TileLayout.BLOCK;
    tileBytes = layout.tileBytes(blocks);
    data = memory.apply(tileBytes * tiles());
    pack(format, source);
    release(source);
  }

  /**
   * Scales of the K types are products and need more bits than a half float has.
   *
   * @param factors whether there are kernels that form those products
   */
  static TileLayout layout(BlockFormat format, boolean factors) {
    boolean nibbles = format.greatest() - format.least() <= 15;
    TileLayout.Scales scales =
        !format.hasFactors()
            ? TileLayout.Scales.HALVES
            : factors ? TileLayout.Scales.PRODUCTS : TileLayout.Scales.FLOATS;
    int groups = TileLayout.BLOCK / format.groupSize();
    return new TileLayout(nibbles, groups, scales, format.hasMinimum(), -format.least());
  }

  private void pack(BlockFormat format, MemorySegment source) {
    Thread other = Thread.ofPlatform().unstarted(() -> {});
    boolean shared = source.isAccessibleBy(other) && data.isAccessibleBy(other);
    IntStream tiles = IntStream.range(0, tiles());
    if (shared && tileBytes * tiles() > 1 << 16) {
      tiles = tiles.parallel();
    }
    tiles.forEach(tile -> packTile(format, source, tile));
  }

  private void packTile(BlockFormat format, MemorySegment source, int tile) {
    byte[] packed = new byte[Math.toIntExact(tileBytes)];
    ByteBuffer numbers = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN);
    Unpacked row = new Unpacked(cols());
    int first = tile * TILE;
    for (int r = 0; r < Math.min(TILE, rows() - first); r++) {
      long offset = (first + r) * format.rowBytes(cols());
      format.unpack(source, offset, cols(), row);
      if (layout.scales() == TileLayout.Scales.PRODUCTS) {
        format.unpackFactors(source, offset, cols(), row);
      }
      for (int block = 0; block < blocks; block++) {
        int at = layout.blockAt(block);
        packCodes(row.weights(), block * TileLayout.BLOCK, packed, at + 4 * r);
        if (layout.scales() == TileLayout.Scales.PRODUCTS) {
          packFactors(row, block, r, numbers);
          continue;
        }
        for (int group = 0; group < layout.groups(); group++) {
          int scaleAt = at + layout.codeBytes() + group * layout.scaleBytes();
          put(numbers, scaleAt, r, row.scales()[block * layout.groups() + group]);
        }
        if (layout.minimum()) {
          put(numbers, at + layout.minimumAt(), r, row.minima()[block]);
        }
      }
    }
    MemorySegment.copy(packed, 0, data, JAVA_BYTE, tile * tileBytes, packed.length);
  }

  private void packFactors(Unpacked row, int block, int r, ByteBuffer packed) {
    int units = layout.unitsAt(block) + Short.BYTES * r;
    int steps = layout.blockAt(block) + layout.codeBytes() + r;
    int eight = block / TileLayout.UNIT_BLOCKS;
    packed.putShort(units, row.scaleUnits()[eight]);
    for (int group = 0; group < layout.groups(); group++) {
      byte step = row.scaleSteps()[block * layout.groups() + group];
      packed.put(steps + group * layout.scaleBytes(), step);
    }
    if (layout.minimum()) {
      packed.putShort(units + Short.BYTES * TILE, row.minimumUnits()[eight]);
      packed.put(steps + layout.groups() * layout.scaleBytes(), row.minimumSteps()[block]);
    }
  }

  /**
   * Moves 32 codes, four or eight at a time: nibbles {@code k} and {@code k + 4} share a byte, four
   * bytes an int, and the ints of the rows of a tile lie side by side.
   */
  private void packCodes(byte[] w, int from, byte[] packed, int at) {
    if (layout.nibbles()) {
      for (int k = 0; k < TileLayout.BLOCK; k += 8) {
        long codes = EightBytes.add(EightBytes.get(w, from + k), layout.zero());
        // no code has more than four bits: nothing of the lower four reaches into the upper ones
        INTS.set(packed, at + k / 8 * 64, (int) (codes | codes >>> 28));
      }
    } else {
      for (int k = 0; k < TileLayout.BLOCK; k += 8) {
        long codes = EightBytes.add(EightBytes.get(w, from + k), layout.zero());
        INTS.set(packed, at + k / 4 * 64, (int) codes);
        INTS.set(packed, at + k / 4 * 64 + 64, (int) (codes >>> 32));
      }
    }
  }

  private void put(ByteBuffer numbers, int at, int r, float value) {
    if (layout.scales() == TileLayout.Scales.HALVES) {
      numbers.putShort(at + 2 * r, Float.floatToFloat16(value));
    } else {
      numbers.putFloat(at + 4 * r, value);
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
