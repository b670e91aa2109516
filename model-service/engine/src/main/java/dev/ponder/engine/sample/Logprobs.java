package dev.ponder.engine.sample;

import dev.ponder.engine.TokenLogprob;
import dev.ponder.engine.kernel.LogitScan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Log-probabilities of the model's own distribution: log-softmax of unchanged logits at temperature
 * 1, summed in ascending order of ids in double precision. NOT thread-safe.
 */
public final class Logprobs {
  private static final int CHUNK = 1024;

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
    float[] chunk = new float[CHUNK];
    for (int first = 0; first < vocabulary; first += CHUNK) {
      int count = Math.min(CHUNK, vocabulary - first);
      for (int i = 0; i < count; i++) {
        chunk[i] = logits[first + i] - largest;
      }
      LogitScan.exponentials(chunk, count);
      for (int i = 0; i < count; i++) {
        sum += chunk[i];
      }
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
