package dev.ponder.engine.sample;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.LogitScan;

/**
 * Draws tokens, in one fixed order of operations:
 *
 * <ol>
 *   <li>repetition, frequency and presence penalties, then logit biases;
 *   <li>temperature: {@code exp((logit - largest) / temperature)} as a {@link Mass};
 *   <li>top-k, ties to the lower id;
 *   <li>top-p: the fewest of those whose mass reaches p times theirs, ties to the lower id;
 *   <li>min-p: of those, the ones of at least min-p times the most likely token's mass;
 *   <li>the draw: 64 bits of {@link Philox} scaled to the mass that is left, walked through in
 *       ascending order of ids.
 * </ol>
 *
 * The buffers are reused, so that a draw allocates next to nothing. NOT thread-safe.
 */
public final class Sampler {
  /** Floats that stay in the first-level cache between the steps of weighing. */
  private static final int CHUNK = 1024;

  private final int vocabulary;
  private final float[] chunk = new float[CHUNK];
  private final float[] changed;
  private final long[] masses;
  private final Ranking ranking;

  public Sampler(int vocabulary) {
    if (vocabulary < 1 || vocabulary > Ranking.MOST_TOKENS) {
      throw EngineException.unsupported(
          "vocabulary", vocabulary, "1 to " + Ranking.MOST_TOKENS + " tokens");
    }
    this.vocabulary = vocabulary;
    changed = new float[vocabulary];
    masses = new long[vocabulary];
    ranking = new Ranking(vocabulary);
  }

  /**
   * Draws the token at {@code position}, without noting it in {@code state}.
   *
   * @param logits one per token, unchanged; minus infinity excludes a token
   * @param position of the drawn token in its sequence, prompt included
   * @throws EngineException MODEL_FILE_INVALID if a logit is NaN or no token is possible
   */
  public int sample(float[] logits, SampleState state, long position) {
    SamplerSettings settings = state.settings();
    float[] adjusted = logits;
    if (state.changesLogits()) {
      System.arraycopy(logits, 0, changed, 0, vocabulary);
      state.change(changed);
      adjusted = changed;
    }
    int best = best(adjusted, vocabulary);
    float temperature = (float) settings.temperature();
    if (temperature == 0) {
      return best;
    }
    long total = weigh(adjusted, adjusted[best], temperature);
    long last = 0;
    if (settings.topK() > 0 || settings.topP() < 1 || settings.minP() > 0) {
      filter(settings);
      last = ranking.lastKey();
      total = ranking.totalMass();
    }
    long random = Philox.draw(settings.seed(), state.index(), position);
    return walk(Math.unsignedMultiplyHigh(random, total), last, best);
  }

  /**
   * Returns the id of the largest logit, the lowest of equal ones.
   *
   * @throws EngineException MODEL_FILE_INVALID if a logit is NaN or plus infinity, or all are minus
   *     infinity
   */
  static int best(float[] logits, int vocabulary) {
    int best = LogitScan.largest(logits, vocabulary);
    if (best < 0) {
      int id = 0;
      while (!Float.isNaN(logits[id])) {
        id++;
      }
      throw unusable(id, logits[id]);
    }
    if (Float.isInfinite(logits[best])) {
      throw unusable(best, logits[best]);
    }
    return best;
  }

  private static EngineException unusable(int id, float logit) {
    return EngineException.invalidFile(
        "logit of token " + id, logit, "a number; the model's weights may be damaged");
  }

  private long weigh(float[] logits, float largest, float temperature) {
    long total = 0;
    for (int first = 0; first < vocabulary; first += CHUNK) {
      int count = Math.min(CHUNK, vocabulary - first);
      for (int i = 0; i < count; i++) {
        chunk[i] = (logits[first + i] - largest) / temperature;
      }
      LogitScan.exponentials(chunk, count);
      for (int i = 0; i < count; i++) {
        long mass = Mass.of(chunk[i]);
        masses[first + i] = mass;
        total += mass;
      }
    }
    return total;
  }

  private void filter(SamplerSettings settings) {
    ranking.fill(masses, vocabulary);
    if (settings.topK() > 0) {
      ranking.keepBest(settings.topK());
    }
    if (settings.topP() < 1) {
      ranking.keepMass((long) Math.ceil(settings.topP() * ranking.totalMass()));
    }
    if (settings.minP() > 0) {
      ranking.keepAtLeast((long) Math.ceil(settings.minP() * Mass.ONE));
    }
  }

  /** Finds the token in whose share of the kept mass {@code target} lies. */
  private int walk(long target, long last, int best) {
    long left = target;
    for (int id = 0; id < vocabulary; id++) {
      long mass = masses[id];
      if (mass > 0 && Ranking.key(mass, id) >= last) {
        left -= mass;
        if (left < 0) {
          return id;
        }
      }
    }
    return best; // not reached: target is less than the kept mass
  }
}
