package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention on vectors: lanes are tokens while scores are formed and dimensions while values are
 * summed, so the 16 virtual lanes of the definition are 16 register sums and nothing is ever added
 * across a vector.
 */
final class VectorAttention {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();
  private static final int PAGE = Kernels.PAGE_TOKENS;
  private static final int LANES = Lanes.COUNT;

  private VectorAttention() {}

  static void attend(
      float[] query,
      int queryAt,
      float scale,
      float[] keys,
      float[] values,
      int tokens,
      AttentionState state,
      VectorScratch scratch) {
    float[] weights = scratch.scores;
    int size = state.headSize();
    for (int t = 0; t < tokens; t += WIDTH) {
      scores(query, queryAt, scale, keys, t / PAGE * size * PAGE + t % PAGE, size, weights, t);
    }
    float max = greatest(weights, tokens);
    float sum = weigh(weights, tokens, max, scratch.lanes);
    float before = 0;
    float here = 1;
    if (!state.empty) {
      float greatest = Math.max(state.max, max);
      before = Exp.exp(state.max - greatest);
      here = Exp.exp(max - greatest);
      max = greatest;
      sum = Math.fma(state.sum, before, sum * here);
    }
    for (int d = 0; d < size; d += WIDTH) {
      values(weights, values, d, size, tokens, scratch.lanes);
      FloatVector value = FloatVector.fromArray(F, scratch.lanes, 0);
      if (!state.empty) {
        FloatVector old = FloatVector.fromArray(F, state.values, d);
        value = old.fma(FloatVector.broadcast(F, before), value.mul(here));
      }
      value.intoArray(state.values, d);
    }
    state.max = max;
    state.sum = sum;
    state.empty = false;
  }

  private static float greatest(float[] scores, int tokens) {
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int whole = tokens / WIDTH * WIDTH;
    for (int t = 0; t < whole; t += WIDTH) {
      most = most.max(FloatVector.fromArray(F, scores, t));
    }
    float max = most.reduceLanes(MAX);
    for (int t = whole; t < tokens; t++) {
      max = Math.max(max, scores[t]);
    }
    return max;
  }

  /** Turns scores into weights exp(score - max), padded with zeros, and returns their sum. */
  private static float weigh(float[] weights, int tokens, float max, float[] lanes) {
    int padded = tokens + (-tokens & (LANES - 1));
    for (int t = 0; t < padded; t += WIDTH) {
      FloatVector.fromArray(F, weights, t).sub(max).intoArray(weights, t);
    }
    VectorExp.replace(weights, 0, padded);
    for (int t = tokens; t < padded; t++) {
      weights[t] = 0;
    }
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      FloatVector sum = FloatVector.zero(F);
      for (int t = lane; t < padded; t += LANES) {
        sum = sum.add(FloatVector.fromArray(F, weights, t));
      }
      sum.intoArray(lanes, lane);
    }
    return Lanes.join(lanes);
  }

  /** Query times the keys of a vector of tokens; {@code size} is a multiple of the lanes. */
  private static void scores(
      float[] query,
      int queryAt,
      float scale,
      float[] keys,
      int at,
      int size,
      float[] out,
      int outAt) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    FloatVector a8 = FloatVector.zero(F);
    FloatVector a9 = FloatVector.zero(F);
    FloatVector a10 = FloatVector.zero(F);
    FloatVector a11 = FloatVector.zero(F);
    FloatVector a12 = FloatVector.zero(F);
    FloatVector a13 = FloatVector.zero(F);
    FloatVector a14 = FloatVector.zero(F);
    FloatVector a15 = FloatVector.zero(F);
    int k = at;
    for (int q = queryAt; q < queryAt + size; q += LANES) {
      a0 =
          FloatVector.fromArray(F, keys, k + 0 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 0]), a0);
      a1 =
          FloatVector.fromArray(F, keys, k + 1 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 1]), a1);
      a2 =
          FloatVector.fromArray(F, keys, k + 2 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 2]), a2);
      a3 =
          FloatVector.fromArray(F, keys, k + 3 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 3]), a3);
      a4 =
          FloatVector.fromArray(F, keys, k + 4 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 4]), a4);
      a5 =
          FloatVector.fromArray(F, keys, k + 5 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 5]), a5);
      a6 =
          FloatVector.fromArray(F, keys, k + 6 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 6]), a6);
      a7 =
          FloatVector.fromArray(F, keys, k + 7 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 7]), a7);
      a8 =
          FloatVector.fromArray(F, keys, k + 8 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 8]), a8);
      a9 =
          FloatVector.fromArray(F, keys, k + 9 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 9]), a9);
      a10 =
          FloatVector.fromArray(F, keys, k + 10 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 10]), a10);
      a11 =
          FloatVector.fromArray(F, keys, k + 11 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 11]), a11);
      a12 =
          FloatVector.fromArray(F, keys, k + 12 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 12]), a12);
      a13 =
          FloatVector.fromArray(F, keys, k + 13 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 13]), a13);
      a14 =
          FloatVector.fromArray(F, keys, k + 14 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 14]), a14);
      a15 =
          FloatVector.fromArray(F, keys, k + 15 * PAGE)
              .fma(FloatVector.broadcast(F, query[q + 15]), a15);
      k += LANES * PAGE;
    }
    a0 = a0.add(a8);
    a1 = a1.add(a9);
    a2 = a2.add(a10);
    a3 = a3.add(a11);
    a4 = a4.add(a12);
    a5 = a5.add(a13);
    a6 = a6.add(a14);
    a7 = a7.add(a15);
    a0 = a0.add(a4);
    a1 = a1.add(a5);
    a2 = a2.add(a6);
    a3 = a3.add(a7);
    a0 = a0.add(a2);
    a1 = a1.add(a3);
    a0 = a0.add(a1);
    a0.mul(scale).intoArray(out, outAt);
  }

  /** Weighted values of a vector of dimensions. Tokens past the end read the row of zeros. */
  private static void values(
      float[] weights, float[] values, int d, int size, int tokens, float[] out) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    FloatVector a8 = FloatVector.zero(F);
    FloatVector a9 = FloatVector.zero(F);
    FloatVector a10 = FloatVector.zero(F);
    FloatVector a11 = FloatVector.zero(F);
    FloatVector a12 = FloatVector.zero(F);
    FloatVector a13 = FloatVector.zero(F);
    FloatVector a14 = FloatVector.zero(F);
    FloatVector a15 = FloatVector.zero(F);
    int v = d;
    int t = 0;
    for (; t + LANES <= tokens; t += LANES) {
      a0 =
          FloatVector.fromArray(F, values, v + 0 * size)
              .fma(FloatVector.broadcast(F, weights[t + 0]), a0);
      a1 =
          FloatVector.fromArray(F, values, v + 1 * size)
              .fma(FloatVector.broadcast(F, weights[t + 1]), a1);
      a2 =
          FloatVector.fromArray(F, values, v + 2 * size)
              .fma(FloatVector.broadcast(F, weights[t + 2]), a2);
      a3 =
          FloatVector.fromArray(F, values, v + 3 * size)
              .fma(FloatVector.broadcast(F, weights[t + 3]), a3);
      a4 =
          FloatVector.fromArray(F, values, v + 4 * size)
              .fma(FloatVector.broadcast(F, weights[t + 4]), a4);
      a5 =
          FloatVector.fromArray(F, values, v + 5 * size)
              .fma(FloatVector.broadcast(F, weights[t + 5]), a5);
      a6 =
          FloatVector.fromArray(F, values, v + 6 * size)
              .fma(FloatVector.broadcast(F, weights[t + 6]), a6);
      a7 =
          FloatVector.fromArray(F, values, v + 7 * size)
              .fma(FloatVector.broadcast(F, weights[t + 7]), a7);
      a8 =
          FloatVector.fromArray(F, values, v + 8 * size)
              .fma(FloatVector.broadcast(F, weights[t + 8]), a8);
      a9 =
          FloatVector.fromArray(F, values, v + 9 * size)
              .fma(FloatVector.broadcast(F, weights[t + 9]), a9);
      a10 =
          FloatVector.fromArray(F, values, v + 10 * size)
              .fma(FloatVector.broadcast(F, weights[t + 10]), a10);
      a11 =
          FloatVector.fromArray(F, values, v + 11 * size)
              .fma(FloatVector.broadcast(F, weights[t + 11]), a11);
      a12 =
          FloatVector.fromArray(F, values, v + 12 * size)
              .fma(FloatVector.broadcast(F, weights[t + 12]), a12);
      a13 =
          FloatVector.fromArray(F, values, v + 13 * size)
              .fma(FloatVector.broadcast(F, weights[t + 13]), a13);
      a14 =
          FloatVector.fromArray(F, values, v + 14 * size)
              .fma(FloatVector.broadcast(F, weights[t + 14]), a14);
      a15 =
          FloatVector.fromArray(F, values, v + 15 * size)
              .fma(FloatVector.broadcast(F, weights[t + 15]), a15);
      v += LANES * size;
    }
    if (t < tokens) {
      int zeros = Kernels.PIECE_TOKENS * size;
      a0 =
          FloatVector.fromArray(F, values, t + 0 < tokens ? v + 0 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 0]), a0);
      a1 =
          FloatVector.fromArray(F, values, t + 1 < tokens ? v + 1 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 1]), a1);
      a2 =
          FloatVector.fromArray(F, values, t + 2 < tokens ? v + 2 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 2]), a2);
      a3 =
          FloatVector.fromArray(F, values, t + 3 < tokens ? v + 3 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 3]), a3);
      a4 =
          FloatVector.fromArray(F, values, t + 4 < tokens ? v + 4 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 4]), a4);
      a5 =
          FloatVector.fromArray(F, values, t + 5 < tokens ? v + 5 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 5]), a5);
      a6 =
          FloatVector.fromArray(F, values, t + 6 < tokens ? v + 6 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 6]), a6);
      a7 =
          FloatVector.fromArray(F, values, t + 7 < tokens ? v + 7 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 7]), a7);
      a8 =
          FloatVector.fromArray(F, values, t + 8 < tokens ? v + 8 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 8]), a8);
      a9 =
          FloatVector.fromArray(F, values, t + 9 < tokens ? v + 9 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 9]), a9);
      a10 =
          FloatVector.fromArray(F, values, t + 10 < tokens ? v + 10 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 10]), a10);
      a11 =
          FloatVector.fromArray(F, values, t + 11 < tokens ? v + 11 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 11]), a11);
      a12 =
          FloatVector.fromArray(F, values, t + 12 < tokens ? v + 12 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 12]), a12);
      a13 =
          FloatVector.fromArray(F, values, t + 13 < tokens ? v + 13 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 13]), a13);
      a14 =
          FloatVector.fromArray(F, values, t + 14 < tokens ? v + 14 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 14]), a14);
      a15 =
          FloatVector.fromArray(F, values, t + 15 < tokens ? v + 15 * size : zeros)
              .fma(FloatVector.broadcast(F, weights[t + 15]), a15);
    }
    a0 = a0.add(a8);
    a1 = a1.add(a9);
    a2 = a2.add(a10);
    a3 = a3.add(a11);
    a4 = a4.add(a12);
    a5 = a5.add(a13);
    a6 = a6.add(a14);
    a7 = a7.add(a15);
    a0 = a0.add(a4);
    a1 = a1.add(a5);
    a2 = a2.add(a6);
    a3 = a3.add(a7);
    a0 = a0.add(a2);
    a1 = a1.add(a3);
    a0 = a0.add(a1);
    a0.intoArray(out, 0);
  }
}
