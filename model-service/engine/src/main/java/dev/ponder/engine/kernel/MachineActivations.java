package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.Objects.requireNonNull;

import dev.ponder.engine.machine.Activation;
import dev.ponder.engine.machine.GuardedMemory;
import dev.ponder.engine.machine.Quantiser;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Quantised activations as {@link Activation} lays them out, and floats for those who want them.
 */
final class MachineActivations extends Activations {
  private final int greatest;
  final int blocks;
  final int planes;
  private final Activation one;
  private final Activation many;
  final MemorySegment values;
  final MemorySegment fields;

  /** Where rows lie for the quantiser, which cannot reach into the heap. */
  private final MemorySegment staging;

  private final @Nullable Quantiser quantiser;

  /** For float weights, in the form of the tier that multiplies them; null if nobody wants them. */
  final @Nullable Activations floats;

  @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
  MachineActivations(
      int capacity,
      int cols,
      ActivationPrecision precision,
      boolean quantised,
      @Nullable Activations floats,
      @Nullable Quantiser quantiser) {
    super(capacity, cols);
    greatest = precision.greatest();
    planes = precision == ActivationPrecision.BITS16 ? 2 : 1;
    one = new Activation(planes, 1);
    many = new Activation(planes, Activation.GROUP);
    blocks = quantised ? cols / BLOCK : 0;
    this.floats = floats;
    this.quantiser = quantiser;
    int groups = (capacity + Activation.GROUP - 1) / Activation.GROUP;
    Arena arena = Arena.ofAuto();
    long runs = (long) groups * blocks;
    values = GuardedMemory.allocate(runs * many.blockBytes(), arena);
    fields = GuardedMemory.allocate(runs * many.fieldBytes(), arena);
    long floatsStaged = quantiser == null ? 0 : (long) capacity * blocks * BLOCK;
    staging = GuardedMemory.allocate(floatsStaged * Float.BYTES, arena);
  }

  @Override
  public void set(int row, float[] x, int from, int to) {
    Activations plain = floats;
    if (plain != null) {
      plain.rows(rows());
      plain.set(row, x, from, to);
    }
    if (blocks > 0 && quantiser != null && from < to) {
      long offset = ((long) row * cols() + from) * Float.BYTES;
      MemorySegment.copy(x, from, staging, JAVA_FLOAT, offset, to - from);
      quantise(row, staging, offset, from, to);
    } else if (blocks > 0) {
      for (int at = from; at < to; at += BLOCK) {
        quantise(row, at / BLOCK, x, at);
      }
    }
  }

  /** Whether {@link #quantise} is all that {@link #set} does with floats once they are staged. */
  boolean takesNative() {
    return quantiser != null && blocks > 0 && floats == null;
  }

  /**
   * Quantises columns of a row that lie in native memory.
   *
   * @param offset where in {@code source} the first of them is, in bytes
   * @param from the first column, and {@code to} behind the last: whole blocks
   */
  void quantise(int row, MemorySegment source, long offset, int from, int to) {
    boolean single = rows() == 1;
    int stride = single ? 1 : Activation.GROUP;
    int block = from / BLOCK;
    long run = single ? block : (long) row / Activation.GROUP * blocks + block;
    int r = single ? 0 : row % Activation.GROUP;
    requireNonNull(quantiser)
        .run(source, offset, values, fields, stride, run, r, (to - from) / BLOCK);
  }

  /** {@link ScalarActivations} says what this does; here values go to their planes. */
  private void quantise(int row, int block, float[] x, int from) {
    boolean single = rows() == 1;
    Activation layout = single ? one : many;
    int r = single ? 0 : row % Activation.GROUP;
    long run = single ? block : (long) row / Activation.GROUP * blocks + block;
    long at = run * layout.blockBytes();
    int greatestBits = 0;
    for (int i = 0; i < BLOCK; i++) {
      greatestBits = Math.max(greatestBits, Float.floatToRawIntBits(x[from + i]) & 0x7FFFFFFF);
    }
    float amax = Float.intBitsToFloat(greatestBits);
    float dx = Float.isFinite(amax) ? amax / greatest : Float.NaN;
    int first = 0;
    int second = 0;
    long high = at + layout.valuesAt(0, r);
    long low = at + layout.valuesAt(planes - 1, r);
    for (int i = 0; i < BLOCK; i++) {
      int q = 0;
      if (dx > 0) {
        float ratio = x[from + i] / dx;
        ratio = ratio > greatest ? greatest : ratio;
        ratio = ratio < -greatest ? -greatest : ratio;
        q = (int) Math.rint(ratio);
      }
      if (planes == 2) {
        values.set(JAVA_BYTE, high + i, (byte) ((q + 128) >> 8));
      }
      values.set(JAVA_BYTE, low + i, (byte) q);
      if (i < BLOCK / 2) {
        first += q;
      } else {
        second += q;
      }
    }
    int sum = first + second;
    long field = run * layout.fieldBytes();
    fields.set(JAVA_FLOAT, field + layout.fieldAt(Activation.DX, r), dx);
    fields.set(JAVA_FLOAT, field + layout.fieldAt(Activation.SCALED_SUM, r), dx * (float) sum);
    fields.set(JAVA_INT, field + layout.fieldAt(Activation.LOW_CORRECTION, r), -8 * sum);
    fields.set(JAVA_INT, field + layout.fieldAt(Activation.HIGH_CORRECTION, r), -128 * sum);
    fields.set(JAVA_INT, field + layout.fieldAt(Activation.HALF_CORRECTION, r), -32 * first);
    fields.set(JAVA_INT, field + layout.fieldAt(Activation.HALF_CORRECTION + 1, r), -32 * second);
  }
}
