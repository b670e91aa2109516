package dev.ponder.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.util.Objects.requireNonNull;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.FloatFormat;
import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.machine.Activation;
import dev.ponder.engine.machine.Gating;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.PieceAttention;
import dev.ponder.engine.machine.Program;
import dev.ponder.engine.machine.TileLayout;
import dev.ponder.engine.machine.TileProduct;
import dev.ponder.engine.machine.WeightMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The machine-code tier: products of quantised weights in instructions that the engine writes
 * itself. Float weights and the float kernels are those of another tier.
 */
public final class MachineKernels implements Kernels {
  /** Keeps a call near 50 microseconds: blocks of 8 rows x 16 outputs x 32 columns, per plane. */
  private static final int BLOCKS_A_CALL = 2_048;

  /** Weights of a call with one row, likewise. */
  private static final int BYTES_A_CALL = 512 << 10;

  /** Groups of rows that share a run of tiles while both are in the second-level cache. */
  private static final int GROUPS_A_CALL = 8;

  /** How far ahead one row asks for its weights. */
  private static final int AHEAD = 8_192;

  /** The words of {@link Exp}, as machine code wants them. */
  private static final int[] EXP_WORDS = {
    Float.floatToRawIntBits(Exp.GREATEST),
    Float.floatToRawIntBits(Exp.LEAST),
    Float.floatToRawIntBits(Exp.LOG2_E),
    Float.floatToRawIntBits(Exp.ROUNDER),
    Float.floatToRawIntBits(-Exp.LN2_HIGH),
    Float.floatToRawIntBits(-Exp.LN2_LOW),
    Float.floatToRawIntBits(Exp.C7),
    Float.floatToRawIntBits(Exp.C6),
    Float.floatToRawIntBits(Exp.C5),
    Float.floatToRawIntBits(Exp.C4),
    Float.floatToRawIntBits(Exp.C3),
    Float.floatToRawIntBits(Exp.C2),
    Float.floatToRawIntBits(1f),
    Exp.ROUNDER_BITS,
    127
  };

  private final Kernels rest;
  private final Program program;
  private volatile @Nullable PieceAttention attention;
  private final @Nullable Gating gating;
  private final WeightMemory memory = new WeightMemory();

  MachineKernels(InstructionSet set, Kernels rest) {
    this.rest = rest;
    program = new Program(set, EXP_WORDS);
    gating = program.gating();
  }

  /**
   * Writes the machine code of every weight format, both activation precisions and the usual sizes
   * of heads.
   *
   * @return the files; {@link Program#dump} says how to read them
   */
  public static List<Path> dump(InstructionSet set, Path directory) throws IOException {
    MachineKernels kernels = new MachineKernels(set, new ScalarKernels());
    for (TensorType type : TensorType.values()) {
      if (WeightFormat.of(type) instanceof BlockFormat format) {
        kernels.products(format);
      }
    }
    kernels.program.quantiser(1);
    kernels.program.quantiser(2);
    for (int headSize : new int[] {64, 128}) {
      for (KvType type : KvType.values()) {
        kernels.attention(headSize, type);
      }
    }
    return kernels.program.dump(directory);
  }

  /** The products with 8-bit and with 16-bit activations. */
  private List<TileProduct> products(BlockFormat format) {
    boolean factors = program.instructionSet() == InstructionSet.AVX512_VNNI;
    TileLayout layout = MachineMatrix.layout(format, factors);
    return List.of(program.product(layout, 1), program.product(layout, 2));
  }

  @Override
  public KernelTier tier() {
    return KernelTier.MACHINE;
  }

  @Override
  public String description() {
    return "machine " + program.instructionSet() + ", " + rest.description();
  }

  @Override
  public Matrix matrix(
      String name,
      WeightFormat format,
      MemorySegment data,
      int rows,
      int cols,
      float @Nullable [] bias,
      Arena arena) {
    return switch (format) {
      case BlockFormat blocks -> {
        List<TileProduct> products = products(blocks);
        yield new MachineMatrix(
            name, blocks, products, data, rows, cols, bias, size -> memory.allocate(size, arena));
      }
      case FloatFormat floats -> rest.matrix(name, floats, data, rows, cols, bias, arena);
    };
  }

  @Override
  public Activations activations(int capacity, ActivationPrecision precision, Matrix... consumers) {
    Matrix[] floats = Arrays.stream(consumers).filter(Matrix::takesFloats).toArray(Matrix[]::new);
    return new MachineActivations(
        capacity,
        consumers[0].cols(),
        precision,
        floats.length < consumers.length,
        floats.length == 0 ? null : rest.activations(capacity, precision, floats),
        program.quantiser(precision.bits() / 8));
  }

  @Override
  public Scratch scratch(int cols) {
    return new MachineScratch(rest.scratch(cols));
  }

  @Override
  public void multiply(
      Matrix matrix,
      Activations activations,
      float[][] y,
      int at,
      boolean add,
      int fromTile,
      int toTile,
      Scratch memory) {
    MachineActivations x = (MachineActivations) activations;
    MachineScratch scratch = (MachineScratch) memory;
    if (!(matrix instanceof MachineMatrix w)) {
      if (x.floats != null) {
        rest.multiply(matrix, x.floats, y, at, add, fromTile, toTile, scratch.rest);
      }
      return;
    }
    int rows = x.rows();
    int groups = groupsACall(rows, w.blocks, x.planes);
    int most = tilesACall(w, rows, groups, x.planes, MachineScratch.OUTPUTS);
    for (int tile = fromTile; tile < toTile; tile += most) {
      int tiles = Math.min(most, toTile - tile);
      for (int row = 0; row < rows; ) {
        int count = rowsACall(rows - row, groups);
        product(w, x, tile, tiles, row, count, scratch.out, scratch.call);
        copyOut(w, scratch, y, at, add, tile, tiles, row, count);
        row += count;
      }
    }
  }

  @Override
  public void gated(
      Matrix gate,
      Matrix up,
      Activations activations,
      float[][] y,
      Activations out,
      int fromTile,
      int toTile,
      Scratch memory) {
    MachineActivations gatedOut = (MachineActivations) out;
    if (gating == null
        || !(gate instanceof MachineMatrix g)
        || !(up instanceof MachineMatrix u)
        || g.hasBias()
        || u.hasBias()
        || g.rows() % Activations.BLOCK != 0
        || !gatedOut.takesNative()) {
      Kernels.super.gated(gate, up, activations, y, out, fromTile, toTile, memory);
      return;
    }
    MachineActivations x = (MachineActivations) activations;
    MachineScratch scratch = (MachineScratch) memory;
    int rows = x.rows();
    int groups = groupsACall(rows, g.blocks, x.planes);
    int most = tilesACall(g, rows, groups, x.planes, MachineScratch.OUTPUTS / 2);
    most = Math.max(2, most / 2 * 2); // whole blocks
    for (int tile = fromTile; tile < toTile; tile += most) {
      int tiles = Math.min(most, toTile - tile);
      int first = tile * Matrix.TILE;
      int width = tiles * Matrix.TILE;
      for (int row = 0; row < rows; ) {
        int count = rowsACall(rows - row, groups);
        product(g, x, tile, tiles, row, count, scratch.out, scratch.call);
        product(u, x, tile, tiles, row, count, scratch.upperOut, scratch.call);
        gating.run(scratch.out, 0, scratch.upperOut, count * width);
        for (int r = 0; r < count; r++) {
          long from = (long) r * width * Float.BYTES;
          gatedOut.quantise(row + r, scratch.out, from, first, first + width);
        }
        row += count;
      }
    }
  }

  /** Full groups of rows that share a call. */
  private static int groupsACall(int rows, int blocks, int planes) {
    int units = Math.max(1, BLOCKS_A_CALL / planes / blocks);
    return Math.clamp(rows / Activation.GROUP, 1, Math.min(units, GROUPS_A_CALL));
  }

  /** Tiles of a call whose outputs fit in {@code room} floats. */
  private static int tilesACall(MachineMatrix w, int rows, int groups, int planes, int room) {
    if (rows == 1) {
      return Math.clamp(BYTES_A_CALL / w.tileBytes, 1, room / Matrix.TILE);
    }
    int units = Math.max(1, BLOCKS_A_CALL / planes / w.blocks);
    return Math.min(units / groups, room / (groups * Activation.GROUP * Matrix.TILE));
  }

  /** Rows of the next call: full groups, or an incomplete one. */
  private static int rowsACall(int left, int groups) {
    return left < Activation.GROUP
        ? left
        : Math.min(groups, left / Activation.GROUP) * Activation.GROUP;
  }

  /** One call: a run of tiles for one incomplete group of rows, or for several full ones. */
  private static void product(
      MachineMatrix w,
      MachineActivations x,
      int tile,
      int tiles,
      int row,
      int rows,
      MemorySegment out,
      TileProduct.Call call) {
    boolean single = x.rows() == 1;
    call.weights = w.data;
    call.blocks = w.blocks;
    call.values = x.values;
    call.fields = x.fields;
    call.stride = single ? 1 : Activation.GROUP;
    call.ahead = single ? AHEAD : w.tileBytes;
    call.firstTile = tile;
    call.tiles = tiles;
    call.firstGroup = row / call.stride;
    call.groups = Math.max(1, rows / call.stride);
    call.rows = Math.min(rows, call.stride);
    call.out = out;
    call.outStride = tiles * Matrix.TILE;
    w.products.get(x.planes - 1).run(call);
  }

  /** Stores the outputs of a call, or adds them to what is there. */
  private static void copyOut(
      MachineMatrix w,
      MachineScratch scratch,
      float[][] y,
      int at,
      boolean add,
      int tile,
      int tiles,
      int row,
      int rows) {
    int first = tile * Matrix.TILE;
    int stride = tiles * Matrix.TILE;
    int count = Math.min(stride, w.rows() - first);
    for (int r = 0; r < rows; r++) {
      long from = (long) r * stride * Float.BYTES;
      float[] out = y[row + r];
      if (!add && !w.hasBias()) {
        MemorySegment.copy(scratch.out, JAVA_FLOAT, from, out, at + first, count);
        continue;
      }
      float[] values = scratch.row;
      MemorySegment.copy(scratch.out, JAVA_FLOAT, from, values, 0, count);
      if (w.hasBias()) {
        for (int i = 0; i < count; i++) {
          w.store(values[i], first + i, out, at + first + i, add);
        }
      } else {
        for (int i = 0; i < count; i++) {
          out[at + first + i] += values[i];
        }
      }
    }
  }

  @Override
  public void rmsNorm(float[] x, float[] gain, float epsilon, float[] out, Scratch scratch) {
    rest.rmsNorm(x, gain, epsilon, out, ((MachineScratch) scratch).rest);
  }

  @Override
  public void swiglu(float[] gate, int upAt, int from, int to, Scratch memory) {
    MachineScratch scratch = (MachineScratch) memory;
    int at = from;
    while (gating != null && to - at >= Gating.LANES) {
      int count = Math.min((to - at) / Gating.LANES * Gating.LANES, MachineScratch.OUTPUTS / 2);
      MemorySegment.copy(gate, at, scratch.out, JAVA_FLOAT, 0, count);
      MemorySegment.copy(gate, upAt + at, scratch.upperOut, JAVA_FLOAT, 0, count);
      gating.run(scratch.out, 0, scratch.upperOut, count);
      MemorySegment.copy(scratch.out, JAVA_FLOAT, 0, gate, at, count);
      at += count;
    }
    rest.swiglu(gate, upAt, at, to, scratch.rest);
  }

  @Override
  public void attend(
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
      Scratch scratch) {
    rest.attend(
        queries,
        row,
        rows,
        queryAt,
        heads,
        scale,
        keys,
        values,
        tokens,
        states,
        firstState,
        ((MachineScratch) scratch).rest);
  }

  @Override
  public void finish(AttentionState state, float[] out, int at) {
    rest.finish(state, out, at);
  }

  @Override
  public KvCodec codec(int headSize, KvType type) {
    return rest.codec(headSize, type);
  }

  @Override
  public boolean attendsStored(int headSize, KvType type) {
    return attention(headSize, type) != null;
  }

  private @Nullable PieceAttention attention(int headSize, KvType type) {
    PieceAttention made = attention;
    int scaled = type == KvType.INT8 ? Int8KvCodec.BLOCK : 0;
    if (made == null || made.layout().headSize() != headSize || made.layout().scaled() != scaled) {
      made = program.attention(headSize, scaled);
      attention = made;
    }
    return made;
  }

  @Override
  public void attendStored(
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
    int size = states[firstState].headSize();
    PieceAttention kernel = requireNonNull(attention(size, type));
    MachineScratch own = (MachineScratch) scratch;
    PieceAttention.Memory memory = own.attention(kernel.layout());
    memory.clear();
    int done = firstState;
    int last = -1;
    for (int r = 0; r < rows; r++) {
      int group = (tokens[r] - 1) / PieceAttention.GROUP;
      for (int head = 0; head < heads; ) {
        int waiting = memory.queries();
        if (waiting > 0 && (group != last || waiting == PieceAttention.MOST_QUERIES)) {
          kernel.run(memory, scale, pages, keys, values);
          done = merge(memory, own, states, done);
        }
        last = group;
        int count = Math.min(heads - head, PieceAttention.MOST_QUERIES - memory.queries());
        memory.add(queries[row + r], queryAt + head * size, count, tokens[r]);
        head += count;
      }
    }
    kernel.run(memory, scale, pages, keys, values);
    merge(memory, own, states, done);
  }

  /** Merges what a call left into the states from {@code first} on; returns the next. */
  private static int merge(
      PieceAttention.Memory memory, MachineScratch own, AttentionState[] states, int first) {
    int count = memory.queries();
    for (int query = 0; query < count; query++) {
      AttentionState state = states[first + query];
      if (state.empty) {
        memory.values(query, state.values);
        state.begin(memory.max(query), memory.sum(query));
      } else {
        memory.values(query, own.piece);
        state.merge(memory.max(query), memory.sum(query), own.piece);
      }
    }
    memory.clear();
    return first + count;
  }
}
