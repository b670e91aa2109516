package dev.ponder.engine.sample;

import dev.ponder.engine.TokenLogprob;
import dev.ponder.engine.kernel.Exp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Log-probabilities of the model's own distribution: log-softmax of unchanged logits at temperature
 * 1, summed in ascending order of ids in double precision. NOT thread-safe.
 */
public final class Logprobs {
  /** Below this {@code exp} is taken as zero; the kept ones lose less than 1e-30 of their sum. */
  private static final float LEAST_EXPONENT = -80;

  private final float[] logits;
  private final double logSum;

  /**
   * Prepares the logarithm of the sum.
   *
   * @param logits one per token; read by later calls too, so valid as long as the array is
   */
  public Logprobs(float[] logits, int vocabulary) {
    this.logits = logits;
    float largest = logits[Sampler.best(logits, vocabulary)];
    double sum = 0;
    for (int id = 0; id < vocabulary; id++) {
      float x = logits[id] - largest;
      sum += x < LEAST_EXPONENT ? 0 : Exp.exp(x);
    }
    logSum = largest + StrictMath.log(sum);
  }

  /** Returns the natural log-probability of a token. */
  public double of(int id) {
    return Math.min(0, logits[id] - logSum);
  }

  /** Returns the {@code count} most likely tokens, best first, ties to the lower id. */
  public List<TokenLogprob> top(int count, int vocabulary) {
    int kept = Math.min(count, vocabulary);
    int[] ids = new int[kept];
    int size = 0;
    for (int id = 0; id < vocabulary && kept > 0; id++) {
      float logit = logits[id];
      if (size == kept && !(logit > logits[ids[size - 1]])) {
        continue;
      }
      int at = size < kept ? size++ : size - 1;
      for (; at > 0 && logit > logits[ids[at - 1]]; at--) {
        ids[at] = ids[at - 1];
      }
      ids[at] = id;
    }
    List<TokenLogprob> top = new ArrayList<>(size);
    Arrays.stream(ids, 0, size).forEach(id -> top.add(new TokenLogprob(id, of(id))));
    return top;
  }
}
