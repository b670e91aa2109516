package dev.ponder.engine.kernel;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.FloatFormat;
import dev.ponder.engine.format.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** The Vector API tier: the arithmetic of {@link ScalarKernels} on vectors of any width. */
final class VectorKernels implements Kernels {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();
  private static final int TILE = Matrix.TILE;

  @Override
  public KernelTier tier() {
    return KernelTier.VECTOR;
  }

  @Override
  public String description() {
    return "vector " + VectorSpeciesHolder.BITS + " bits";
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
      case BlockFormat blocks -> new VectorMatrix(name, blocks, data, rows, cols, bias, arena);
      case FloatFormat floats -> new ScalarMatrix(name, floats, data, rows, cols, bias);
    };
  }

  @Override
  public Activations activations(int capacity, ActivationPrecision precision, Matrix... consumers) {
    boolean quantised = false;
    boolean floats = false;
    boolean split = false;
    for (Matrix consumer : consumers) {
      floats |= consumer.takesFloats();
      quantised |= !consumer.takesFloats();
      split |= consumer instanceof VectorMatrix w && w.split;
    }
    split &= precision == ActivationPrecision.BITS16;
    return new VectorActivations(
        capacity, consumers[0].cols(), precision, quantised, floats, split);
  }

  @Override
  public Scratch scratch(int cols) {
    return new VectorScratch(cols);
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
    VectorActivations x = (VectorActivations) activations;
    VectorScratch scratch = (VectorScratch) memory;
    if (matrix instanceof ScalarMatrix w) {
      VectorFloatKernels.multiply(w, x, y, at, add, fromTile, toTile, scratch);
      return;
    }
    VectorMatrix w = (VectorMatrix) matrix;
    if (x.rows() == 1) {
      for (int tile = fromTile; tile < toTile; tile++) {
        for (int lane = 0; lane < TILE; lane += WIDTH) {
          VectorRowKernels.multiply(w, tile, lane, x, scratch.lanes);
        }
        store(w, scratch.lanes, 0, tile, y[0], at, add);
      }
      return;
    }
    boolean shorts = VectorShortPanelKernels.serve(w, x);
    for (int tile = fromTile; tile < toTile; tile += 2) {
      boolean pair = tile + 1 < toTile;
      for (int half = 0; half < (pair ? 2 : 1); half++) {
        if (shorts) {
          VectorShortPanelKernels.unpack(w, tile + half, half, scratch);
        } else {
          VectorPanelKernels.unpack(w, tile + half, half, scratch);
        }
      }
      for (int row = 0; row < x.rows(); row += VectorActivations.GROUP) {
        if (shorts) {
          VectorShortPanelKernels.multiply(w, x, row / VectorActivations.GROUP, scratch);
        } else {
          VectorPanelKernels.multiply(w, x, row / VectorActivations.GROUP, scratch);
        }
        int end = Math.min(VectorActivations.GROUP, x.rows() - row);
        for (int r = 0; r < end; r++) {
          store(w, scratch.sums, r * VectorScratch.PANEL, tile, y[row + r], at, add);
          if (pair) {
            store(w, scratch.sums, r * VectorScratch.PANEL + TILE, tile + 1, y[row + r], at, add);
          }
        }
      }
    }
  }

  /** Stores the outputs of one tile for one row. */
  private static void store(
      Matrix w, float[] sums, int from, int tile, float[] y, int at, boolean add) {
    int first = tile * TILE;
    if (w.hasBias() || first + TILE > w.rows()) {
      for (int i = first; i < Math.min(first + TILE, w.rows()); i++) {
        w.store(sums[from + i - first], i, y, at + i, add);
      }
      return;
    }
    for (int i = 0; i < TILE; i += WIDTH) {
      FloatVector sum = FloatVector.fromArray(F, sums, from + i);
      if (add) {
        sum = FloatVector.fromArray(F, y, at + first + i).add(sum);
      }
      sum.intoArray(y, at + first + i);
    }
  }

  /** A float dot product in the 16 virtual lanes. */
  private static float dot(float[] a, float[] b, int count, float[] lanes) {
    for (int lane = 0; lane < Lanes.COUNT; lane += WIDTH) {
      FloatVector acc = FloatVector.zero(F);
      int i = lane;
      for (; i + WIDTH <= count; i += Lanes.COUNT) {
        acc = FloatVector.fromArray(F, a, i).fma(FloatVector.fromArray(F, b, i), acc);
      }
      if (i < count + (-count & (Lanes.COUNT - 1))) {
        var mask = F.indexInRange(i, count);
        FloatVector tail = FloatVector.fromArray(F, a, i, mask);
        acc = tail.fma(FloatVector.fromArray(F, b, i, mask), acc);
      }
      acc.intoArray(lanes, lane);
    }
    return Lanes.join(lanes);
  }

  @Override
  public void rmsNorm(float[] x, float[] gain, float epsilon, float[] out, Scratch scratch) {
    int n = gain.length;
    float squares = dot(x, x, n, ((VectorScratch) scratch).lanes);
    float factor = 1f / (float) Math.sqrt(squares / n + epsilon);
    int i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
      FloatVector.fromArray(F, x, i)
          .mul(factor)
          .mul(FloatVector.fromArray(F, gain, i))
          .intoArray(out, i);
    }
    for (; i < n; i++) {
      out[i] = x[i] * factor * gain[i];
    }
  }

  @Override
  public void swiglu(float[] gate, int upAt, int from, int to, Scratch scratch) {
    float[] powers = ((VectorScratch) scratch).weights;
    for (int start = from; start < to; start += powers.length) {
      int count = Math.min(powers.length, to - start);
      int whole = count / WIDTH * WIDTH;
      for (int i = 0; i < whole; i += WIDTH) {
        FloatVector.fromArray(F, gate, start + i).neg().intoArray(powers, i);
      }
      VectorExp.replace(powers, 0, whole);
      for (int i = 0; i < whole; i += WIDTH) {
        FloatVector x = FloatVector.fromArray(F, gate, start + i);
        x.div(FloatVector.fromArray(F, powers, i).add(1f))
            .mul(FloatVector.fromArray(F, gate, upAt + start + i))
            .intoArray(gate, start + i);
      }
      for (int i = start + whole; i < start + count; i++) {
        gate[i] = Exp.silu(gate[i]) * gate[upAt + i];
      }
    }
  }

  @Override
  public KvCodec codec(int headSize, KvType type) {
    return type == KvType.INT8
        ? new VectorInt8KvCodec(headSize)
        : Kernels.super.codec(headSize, type);
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
    VectorAttention.attend(
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
        (VectorScratch) scratch);
  }

  @Override
  public void finish(AttentionState state, float[] out, int at) {
    int size = state.headSize();
    for (int d = 0; d < size; d += WIDTH) {
      FloatVector.fromArray(F, state.values, d).div(state.sum).intoArray(out, at + d);
    }
  }
}
