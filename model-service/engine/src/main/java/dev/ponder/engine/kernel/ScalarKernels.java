package dev.ponder.engine.kernel;

import dev.ponder.engine.format.BlockFormat;
import dev.ponder.engine.format.FloatFormat;
import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.format.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The definition of the arithmetic (docs/arithmetic.md), written to be read. It works on the
 * weights as the file stores them, so that the layouts of other tiers are tested too.
 */
final class ScalarKernels implements Kernels {

  static final class Memory extends Scratch {
    final float[] lanes = new float[Lanes.COUNT];
    final float[] scores = new float[PIECE_TOKENS];
    final float[] piece;
    final Unpacked row;
    final float[] weights;

    Memory(int cols) {
      row = new Unpacked(cols);
      weights = new float[cols];
      piece = new float[cols];
    }
  }

  @Override
  public KernelTier tier() {
    return KernelTier.SCALAR;
  }

  @Override
  public String description() {
    return "scalar";
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
    return new ScalarMatrix(name, format, data, rows, cols, bias);
  }

  @Override
  public Activations activations(int capacity, ActivationPrecision precision, Matrix... consumers) {
    boolean quantised = false;
    for (Matrix consumer : consumers) {
      quantised |= !consumer.takesFloats();
    }
    return new ScalarActivations(capacity, consumers[0].cols(), precision, quantised);
  }

  @Override
  public Scratch scratch(int cols) {
    return new Memory(cols);
  }

  @Override
  public void multiply(
      Matrix w,
      Activations x,
      float[][] y,
      int at,
      boolean add,
      int fromTile,
      int toTile,
      Scratch scratch) {
    ScalarMatrix matrix = (ScalarMatrix) w;
    ScalarActivations rows = (ScalarActivations) x;
    Memory memory = (Memory) scratch;
    int end = Math.min(toTile * Matrix.TILE, matrix.rows());
    for (int output = fromTile * Matrix.TILE; output < end; output++) {
      long offset = output * matrix.rowBytes;
      switch (matrix.format) {
        case BlockFormat format -> {
          format.unpack(matrix.data, offset, matrix.cols(), memory.row);
          for (int row = 0; row < x.rows(); row++) {
            float value = dot(format, memory.row, rows, row);
            matrix.store(value, output, y[row], at + output, add);
          }
        }
        case FloatFormat format -> {
          format.decode(matrix.data, offset, matrix.cols(), memory.weights, memory.row);
          for (int row = 0; row < x.rows(); row++) {
            float value = dot(memory.weights, 0, 1, rows.x[row], 0, matrix.cols(), memory.lanes);
            matrix.store(value, output, y[row], at + output, add);
          }
        }
      }
    }
  }

  /** A row of quantised weights times a row of quantised activations, group by group. */
  private static float dot(BlockFormat format, Unpacked weights, ScalarActivations x, int row) {
    int size = format.groupSize();
    float acc = 0;
    for (int at = 0; at < x.cols(); at += size) {
      int block = at / Activations.BLOCK;
      float dx = x.scale[row][block];
      int i = BlockFormat.dot(weights.weights(), x.q[row], at, size);
      acc = Math.fma((float) i, weights.scales()[at / size] * dx, acc);
      if (format.hasMinimum()) {
        acc = Math.fma(weights.minima()[at / size], dx * (float) x.sum[row][block], acc);
      }
    }
    return acc;
  }

  /**
   * A float dot product in virtual lanes: {@code a[aAt + aStep * i] * b[bAt + i]}. Ends as if
   * padded with zeros to a multiple of the lanes.
   */
  private static float dot(
      float[] a, int aAt, int aStep, float[] b, int bAt, int count, float[] lanes) {
    for (int l = 0; l < Lanes.COUNT; l++) {
      float lane = 0;
      for (int i = l; i < count + (-count & (Lanes.COUNT - 1)); i += Lanes.COUNT) {
        lane = i < count ? Math.fma(a[aAt + aStep * i], b[bAt + i], lane) : Math.fma(0f, 0f, lane);
      }
      lanes[l] = lane;
    }
    return Lanes.join(lanes);
  }

  @Override
  public void rmsNorm(float[] x, float[] gain, float epsilon, float[] out, Scratch scratch) {
    int n = gain.length;
    float squares = dot(x, 0, 1, x, 0, n, ((Memory) scratch).lanes);
    float factor = 1f / (float) Math.sqrt(squares / n + epsilon);
    for (int i = 0; i < n; i++) {
      out[i] = x[i] * factor * gain[i];
    }
  }

  @Override
  public void swiglu(float[] gate, int upAt, int from, int to, Scratch scratch) {
    for (int i = from; i < to; i++) {
      gate[i] = Exp.silu(gate[i]) * gate[upAt + i];
    }
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
    int size = states[firstState].headSize();
    for (int i = 0; i < rows * heads; i++) {
      attend(
          queries[row + i / heads],
          queryAt + i % heads * size,
          scale,
          keys,
          values,
          tokens[i / heads],
          states[firstState + i],
          (Memory) scratch);
    }
  }

  private static void attend(
      float[] query,
      int queryAt,
      float scale,
      float[] keys,
      float[] values,
      int tokens,
      AttentionState state,
      Memory memory) {
    float[] weights = memory.scores;
    float[] lanes = memory.lanes;
    int size = state.headSize();
    float max = Float.NEGATIVE_INFINITY;
    for (int t = 0; t < tokens; t++) {
      int key = t / PAGE_TOKENS * size * PAGE_TOKENS + t % PAGE_TOKENS;
      weights[t] = dot(keys, key, PAGE_TOKENS, query, queryAt, size, lanes) * scale;
      max = Math.max(max, weights[t]);
    }
    for (int l = 0; l < Lanes.COUNT; l++) {
      lanes[l] = 0;
    }
    for (int t = 0; t < tokens; t++) {
      weights[t] = Exp.exp(weights[t] - max);
      lanes[t % Lanes.COUNT] += weights[t];
    }
    float sum = Lanes.join(lanes);
    for (int d = 0; d < size; d++) {
      memory.piece[d] = dot(values, d, size, weights, 0, tokens, lanes);
    }
    state.merge(max, sum, memory.piece);
  }

  @Override
  public void finish(AttentionState state, float[] out, int at) {
    for (int d = 0; d < state.headSize(); d++) {
      out[at + d] = state.values[d] / state.sum;
    }
  }
}
