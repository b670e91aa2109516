package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention on vectors: lanes are tokens while scores are formed and dimensions while values are
 * summed. Queries that see about as many tokens go four by four, so that keys and values are loaded
 * once for four.
 */
final class VectorAttention {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();
  private static final int PAGE = Kernels.PAGE_TOKENS;
  private static final int ROOM = VectorSums.ROOM;
  private static final int LANES = Lanes.COUNT;
  private static final int TOGETHER = VectorSums.TOGETHER;

  /** Fewer than these are faster one by one. */
  private static final int FEWEST_TOGETHER = 3;

  private static final int[] NONE = new int[TOGETHER];

  private VectorAttention() {}

  /** {@link Kernels#attend}. */
  static void attend(
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
      VectorScratch scratch) {
    int size = states[firstState].headSize();
    int count = rows * heads;
    for (int first = 0; first < count; ) {
      int most = size <= ROOM ? Math.min(TOGETHER, count - first) : 1;
      int together = together(tokens, heads, first, most);
      for (int i = 0; i < together; i++) {
        float[] query = queries[row + (first + i) / heads];
        int at = queryAt + (first + i) % heads * size;
        System.arraycopy(query, at, scratch.queries, i * ROOM, size);
        scratch.ends[i] = tokens[(first + i) / heads];
      }
      int end = scratch.greatestEnd(together);
      scores(together, end, scale, keys, size, scratch);
      for (int i = 0; i < together; i++) {
        weigh(i, end, scratch);
      }
      values(together, end, values, size, scratch);
      for (int i = 0; i < together; i++) {
        states[firstState + first + i].merge(scratch.max[i], scratch.sum[i], scratch.pieces[i]);
      }
      first += together;
    }
  }

  /** How many queries from one on may go together: their ends lie in one round of the lanes. */
  private static int together(int[] tokens, int heads, int first, int most) {
    int least = Integer.MAX_VALUE;
    int greatest = 0;
    for (int i = 0; i < most; i++) {
      int end = tokens[(first + i) / heads];
      least = Math.min(least, end);
      greatest = Math.max(greatest, end);
      if (least < wholeRounds(greatest)) {
        return i < FEWEST_TOGETHER ? 1 : i;
      }
    }
    return most < FEWEST_TOGETHER ? 1 : most;
  }

  /** The tokens before the last, perhaps partial, round of the lanes. */
  private static int wholeRounds(int tokens) {
    return (tokens - 1) / LANES * LANES;
  }

  /** Scores of all tokens that any of the queries sees. */
  private static void scores(
      int count, int end, float scale, float[] keys, int size, VectorScratch scratch) {
    for (int t = 0; t < end; t += WIDTH) {
      int at = t / PAGE * size * PAGE + t % PAGE;
      if (count == 1) {
        VectorSums.one(scratch.queries, keys, at, PAGE, size, 0, scratch.sums);
      } else {
        VectorSums.four(
            scratch.queries, keys, at, PAGE, size, NONE, 0, scratch.aside, scratch.sums);
      }
      for (int i = 0; i < count; i++) {
        FloatVector.fromArray(F, scratch.sums, i * WIDTH)
            .mul(scale)
            .intoArray(scratch.scores, i * ROOM + t);
      }
    }
  }

  /**
   * Turns scores into weights exp(score - max); keeps max and sum.
   *
   * @param most the tokens that any query sees: weights go on with zeros to the end of their round
   */
  private static void weigh(int i, int most, VectorScratch scratch) {
    float[] weights = scratch.scores;
    int from = i * ROOM;
    int end = from + scratch.ends[i];
    float max = greatest(weights, from, end);
    int padded = from + wholeRounds(most) + LANES;
    for (int t = from; t < padded; t += WIDTH) {
      FloatVector.fromArray(F, weights, t).sub(max).intoArray(weights, t);
    }
    VectorExp.replace(weights, from, padded);
    for (int t = end; t < padded; t++) {
      weights[t] = 0;
    }
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      FloatVector sum = FloatVector.zero(F);
      for (int t = from + lane; t < padded; t += LANES) {
        sum = sum.add(FloatVector.fromArray(F, weights, t));
      }
      sum.intoArray(scratch.lanes, lane);
    }
    scratch.max[i] = max;
    scratch.sum[i] = Lanes.join(scratch.lanes);
  }

  private static float greatest(float[] scores, int from, int end) {
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int t = from;
    for (; t + WIDTH <= end; t += WIDTH) {
      most = most.max(FloatVector.fromArray(F, scores, t));
    }
    float max = most.reduceLanes(MAX);
    for (; t < end; t++) {
      max = Math.max(max, scores[t]);
    }
    return max;
  }

  /** Weighted values. */
  private static void values(int count, int end, float[] values, int size, VectorScratch scratch) {
    int whole = wholeRounds(end);
    int zeros = Kernels.PIECE_TOKENS * size;
    for (int d = 0; d < size; d += WIDTH) {
      if (count == 1) {
        VectorSums.one(scratch.scores, values, d, size, scratch.ends[0], zeros, scratch.sums);
      } else {
        VectorSums.four(
            scratch.scores,
            values,
            d,
            size,
            whole,
            scratch.ends,
            zeros,
            scratch.aside,
            scratch.sums);
      }
      for (int i = 0; i < count; i++) {
        FloatVector.fromArray(F, scratch.sums, i * WIDTH).intoArray(scratch.pieces[i], d);
      }
    }
  }
}
