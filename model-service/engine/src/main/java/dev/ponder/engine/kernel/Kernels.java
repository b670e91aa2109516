package dev.ponder.engine.kernel;

import static java.util.Objects.requireNonNull;

import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.Machine;
import dev.ponder.engine.machine.MachineUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The numerical kernels of one tier. {@link ScalarKernels} is their definition; every other tier
 * gives the same bits. Stateless: callers bring the memory, one {@link Scratch} a thread.
 */
public interface Kernels {
  /** Tokens of a piece of attention: pieces are reduced alone, then combined in order. */
  int PIECE_TOKENS = 256;

  /** Tokens of a page: keys of a page are stored dimension by dimension. */
  int PAGE_TOKENS = 32;

  /** Returns the kernels of the tier asked for, or of the best one; logs one line. */
  static Kernels of(@Nullable KernelTier wanted, Consumer<String> log) {
    boolean module = ModuleLayer.boot().findModule(KernelTier.VECTOR_MODULE).isPresent();
    int bits = module ? VectorProbe.preferredBits() : 0;
    String arch = System.getProperty("os.arch", "unknown");
    InstructionSet machine = null;
    String whyNoMachine = "not asked for";
    if (wanted == null || wanted == KernelTier.MACHINE) {
      try {
        machine = Machine.detect();
      } catch (MachineUnavailableException e) {
        whyNoMachine = String.valueOf(e.getMessage());
      }
    }
    return switch (KernelTier.choose(wanted, machine, whyNoMachine, arch, module, bits, log)) {
      case SCALAR -> new ScalarKernels();
      case VECTOR -> new VectorKernels();
      case MACHINE ->
          new MachineKernels(
              requireNonNull(machine), module ? new VectorKernels() : new ScalarKernels());
    };
  }

  KernelTier tier();

  /** Returns what runs, in a few words, for people. */
  String description();

  /**
   * Lays a weight matrix out for this tier.
   *
   * @param data rows of {@code format}, back to back; must stay valid as long as the matrix
   * @param bias one value a row, or null
   * @param arena owns the memory of the new layout
   */
  Matrix matrix(
      String name,
      WeightFormat format,
      MemorySegment data,
      int rows,
      int cols,
      float @Nullable [] bias,
      Arena arena);

  /** Returns room for activations that go into the given matrices, which have equal columns. */
  Activations activations(int capacity, ActivationPrecision precision, Matrix... consumers);

  /** Returns the private memory of one worker for matrices of up to {@code cols} columns. */
  Scratch scratch(int cols);

  /**
   * Computes the tiles {@code [fromTile, toTile)} of {@code x w^T}: {@code y[row][at + output]},
   * stored, or added to what is there.
   */
  void multiply(
      Matrix w,
      Activations x,
      float[][] y,
      int at,
      boolean add,
      int fromTile,
      int toTile,
      Scratch scratch);

  /** {@code out = x / sqrt(mean(x^2) + epsilon) * gain}. */
  void rmsNorm(float[] x, float[] gain, float epsilon, float[] out, Scratch scratch);

  /** {@code gate[i] = silu(gate[i]) * gate[upAt + i]} for i in {@code [from, to)}. */
  void swiglu(float[] gate, int upAt, int from, int to, Scratch scratch);

  /**
   * The gated product: {@code silu(x gate^T) * (x up^T)} of the tiles {@code [fromTile, toTile)},
   * which are whole blocks, into activations.
   *
   * @param up as large as {@code gate}
   * @param y room for gates, then ups; what is in it afterwards is not defined
   */
  default void gated(
      Matrix gate,
      Matrix up,
      Activations x,
      float[][] y,
      Activations out,
      int fromTile,
      int toTile,
      Scratch scratch) {
    int size = gate.rows();
    multiply(gate, x, y, 0, false, fromTile, toTile, scratch);
    multiply(up, x, y, size, false, fromTile, toTile, scratch);
    int from = fromTile * Matrix.TILE;
    int to = Math.min(toTile * Matrix.TILE, size);
    for (int row = 0; row < x.rows(); row++) {
      swiglu(y[row], size, from, to, scratch);
      out.set(row, y[row], from, to);
    }
  }

  /**
   * Attention of several rows, and heads that share a key head, over one piece, merged into the
   * states of the pieces before.
   *
   * @param queries a row's heads lie one after the other from {@code queryAt} on
   * @param row the first of {@code rows} rows
   * @param keys pages of the piece as floats, each [headSize][PAGE_TOKENS]
   * @param values the same pages, each [PAGE_TOKENS][headSize], room for PIECE_TOKENS in all, then
   *     one row of zeros
   * @param tokens how many tokens of the piece each of the rows sees, 1 to PIECE_TOKENS
   * @param states one a head, row by row from {@code firstState} on
   */
  void attend(
      float[][] queries,
      int row,
      int rows,
      int queryAt,
      int heads,
      float scale,
      float[] keys,
      float[] values,
      int[] tokens,
      AttentionState[] states,
      int firstState,
      Scratch scratch);

  /** Returns one worker's means to store keys and values of such heads, and to read them. */
  default KvCodec codec(int headSize, KvType type) {
    return switch (type) {
      case F16 -> new HalfKvCodec(headSize);
      case INT8 -> new Int8KvCodec(headSize);
    };
  }

  /** Whether {@link #attendStored} serves such heads; if not, {@link #attend} does. */
  default boolean attendsStored(int headSize, KvType type) {
    return false;
  }

  /**
   * {@link #attend} on keys and values as they are stored.
   *
   * @param type one that {@link #attendsStored}
   * @param pages keys and values as the type has them
   * @param keys where the piece's pages of keys begin, in bytes
   * @param values where its pages of values begin
   */
  default void attendStored(
      float[][] queries,
      int row,
      int rows,
      int queryAt,
      int heads,
      float scale,
      KvType type,
      MemorySegment pages,
      long[] keys,
      long[] values,
      int[] tokens,
      AttentionState[] states,
      int firstState,
      Scratch scratch) {
    throw new UnsupportedOperationException("attention on stored pages");
  }

  /** {@code out[at + i] = values[i] / sum}: the end of attention. */
  void finish(AttentionState state, float[] out, int at);
}
