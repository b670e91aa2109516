package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * The product kernels for one layout of weights and one precision of activations. Every call is
 * checked in full before the first instruction runs: whatever the arguments, either the extents fit
 * the segments or the call is refused. Thread-safe.
 */
public final class TileProduct {
  /** Memory for the arguments of a call; each thread brings its own. */
  public static final int ARGUMENT_BYTES = ProductEmitter.ARGUMENT_BYTES;

  private static final int MOST = 1 << 24;

  private final TileLayout layout;
  private final int planes;
  private final Activation one;
  private final Activation many;
  private final MemorySegment single;
  private final MemorySegment[] grouped;

  TileProduct(TileLayout layout, int planes, MemorySegment single, MemorySegment[] grouped) {
    this.layout = layout;
    this.planes = planes;
    one = new Activation(planes, 1);
    many = new Activation(planes, Activation.GROUP);
    this.single = single;
    this.grouped = grouped.clone();
  }

  public TileLayout layout() {
    return layout;
  }

  public int planes() {
    return planes;
  }

  /**
   * What to multiply. Reused from call to call.
   *
   * @see TileProduct#run
   */
  public static final class Call {
    final MemorySegment arguments;
    public MemorySegment weights = MemorySegment.NULL;
    public int firstTile;
    public int tiles;
    public int blocks;

    /** Activations as {@link Activation} lays them out, and their fields. */
    public MemorySegment values = MemorySegment.NULL;

    public MemorySegment fields = MemorySegment.NULL;

    /** Room for rows in a group of the activations: 1 or {@link Activation#GROUP}. */
    public int stride;

    public int firstGroup;
    public int groups;

    /** Rows of each group; all of them where there are several groups. */
    public int rows;

    /** Receives [row][outputs], the rows {@code outStride} floats apart. */
    public MemorySegment out = MemorySegment.NULL;

    public int outStride;

    /** How many bytes ahead weights are asked for; only speed depends on it. */
    public long ahead;

    public Call(MemorySegment arguments) {
      this.arguments = arguments;
    }
  }

  /**
   * Multiplies.
   *
   * @throws IllegalArgumentException when anything would reach outside of its segment
   * @throws IllegalStateException when a segment's memory is no longer there
   */
  public void run(Call c) {
    check(c);
    Activation x = c.stride == 1 ? one : many;
    MemorySegment arguments = c.arguments;
    long tileBytes = layout.tileBytes(c.blocks);
    long groupAt = (long) c.firstGroup * c.blocks;
    arguments.set(JAVA_LONG, ProductEmitter.WEIGHTS, c.weights.address() + c.firstTile * tileBytes);
    arguments.set(JAVA_LONG, ProductEmitter.VALUES, c.values.address() + groupAt * x.blockBytes());
    arguments.set(JAVA_LONG, ProductEmitter.FIELDS, c.fields.address() + groupAt * x.fieldBytes());
    arguments.set(JAVA_LONG, ProductEmitter.OUT, c.out.address());
    arguments.set(JAVA_LONG, ProductEmitter.OUT_STRIDE, (long) c.outStride * Float.BYTES);
    arguments.set(JAVA_LONG, ProductEmitter.BLOCKS, c.blocks);
    arguments.set(JAVA_LONG, ProductEmitter.TILES, c.tiles);
    arguments.set(JAVA_LONG, ProductEmitter.GROUPS, c.groups);
    arguments.set(JAVA_LONG, ProductEmitter.AHEAD, c.ahead);
    NativeCall.invoke(c.stride == 1 ? single : grouped[c.rows - 1], arguments);
  }

  private void check(Call c) {
    range("tiles", c.tiles, 1, MOST);
    range("first tile", c.firstTile, 0, MOST);
    range("blocks", c.blocks, 1, MOST);
    if (!layout.takes(c.blocks)) {
      throw new IllegalArgumentException("blocks: " + c.blocks + " (expected: a multiple of 8)");
    }
    range("groups", c.groups, 1, MOST);
    range("first group", c.firstGroup, 0, MOST);
    if (c.stride != 1 && c.stride != Activation.GROUP) {
      throw new IllegalArgumentException("stride: " + c.stride + " (expected: 1 or 8)");
    }
    range("rows", c.rows, c.groups == 1 ? 1 : c.stride, c.stride);
    range("output stride", c.outStride, 0, Integer.MAX_VALUE);
    range("bytes ahead", c.ahead, 0, MOST);
    Activation x = c.stride == 1 ? one : many;
    long lastGroup = (long) c.firstGroup + c.groups;
    holds("arguments", c.arguments, 1, ARGUMENT_BYTES);
    holds("weights", c.weights, (long) c.firstTile + c.tiles, layout.tileBytes(c.blocks));
    holds("activations", c.values, lastGroup, (long) c.blocks * x.blockBytes());
    holds("fields", c.fields, lastGroup, (long) c.blocks * x.fieldBytes());
    long lastRow = (c.groups - 1L) * c.stride + c.rows - 1;
    long rowFloats = (long) c.tiles * TileLayout.ROWS;
    holds("output", c.out, lastRow * c.outStride + rowFloats, Float.BYTES);
    if (c.out.isReadOnly() || c.arguments.isReadOnly()) {
      throw new IllegalArgumentException("output: read-only (expected: writable)");
    }
  }

  private static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }

  /** Whether native memory of {@code count} times {@code size} bytes is there. */
  static void holds(String name, MemorySegment segment, long count, long size) {
    if (!segment.isNative()
        || Math.multiplyHigh(count, size) != 0
        || count * size < 0
        || segment.byteSize() < count * size) {
      throw new IllegalArgumentException(
          name
              + ": "
              + segment.byteSize()
              + " bytes (expected: "
              + count
              + " x "
              + size
              + " of native memory)");
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException(name + ": already freed");
    }
  }
}
