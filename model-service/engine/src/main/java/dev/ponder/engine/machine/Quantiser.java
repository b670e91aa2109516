package dev.ponder.engine.machine;

import java.lang.foreign.MemorySegment;

/** Quantises rows of activations, in one precision. Every call is checked first. Thread-safe. */
public final class Quantiser {
  private final Activation one;
  private final Activation many;
  private final MemorySegment single;
  private final MemorySegment grouped;

  Quantiser(int planes, MemorySegment single, MemorySegment grouped) {
    one = new Activation(planes, 1);
    many = new Activation(planes, Activation.GROUP);
    this.single = single;
    this.grouped = grouped;
  }

  /**
   * Quantises blocks of a row.
   *
   * @param x floats; 128 bytes a block, from {@code offset} on
   * @param stride rows of a group, 1 or {@link Activation#GROUP}
   * @param run which block of which group comes first: {@code group * blocks of a row + block}
   * @param row the row in its group
   * @throws IllegalArgumentException when anything would reach outside of its segment
   */
  public void run(
      MemorySegment x,
      long offset,
      MemorySegment values,
      MemorySegment fields,
      int stride,
      long run,
      int row,
      int blocks) {
    Activation layout = stride == 1 ? one : many;
    if (stride != layout.stride()
        || row < 0
        || row >= stride
        || blocks < 1
        || offset < 0
        || run < 0
        || run > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "row " + row + " of " + stride + ", block " + run + " and " + blocks + " on");
    }
    TileProduct.holds("floats", x, offset + 128L * blocks, 1);
    TileProduct.holds("activations", values, run + blocks, layout.blockBytes());
    TileProduct.holds("fields", fields, run + blocks, layout.fieldBytes());
    NativeCall.invoke(
        stride == 1 ? single : grouped,
        x.address() + offset,
        values.address() + run * layout.blockBytes() + layout.valuesAt(0, row),
        fields.address() + run * layout.fieldBytes() + layout.fieldAt(0, row),
        blocks);
  }
}
