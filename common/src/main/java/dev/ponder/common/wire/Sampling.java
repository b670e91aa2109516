package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the next token is drawn. A null field takes the model-service's default, which is neutral:
 * temperature 1, no top-k, top-p 1, min-p 0, no penalty, a random seed.
 *
 * @param temperature 0 (greedy) to 2
 * @param topK keep the k most likely tokens; 0 or null keeps all
 * @param topP keep the smallest set whose probability reaches p, in (0, 1]
 * @param minP drop tokens below minP times the most likely one's probability, in [0, 1]
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen in prompt
 *     or output, in (0, 2]; 1 is none
 * @param frequencyPenalty subtracted once per occurrence in the output, in [-2, 2]
 * @param presencePenalty subtracted once if present in the output, in [-2, 2]
 * @param logitBias added to the logits of these token ids, each in [-100, 100]
 * @param seed any long; equal seeds give equal samples
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Sampling(
    @Nullable Double temperature,
    @Nullable Integer topK,
    @Nullable Double topP,
    @Nullable Double minP,
    @Nullable Double repetitionPenalty,
    @Nullable Double frequencyPenalty,
    @Nullable Double presencePenalty,
    @Nullable Map<Integer, Double> logitBias,
    @Nullable Long seed) {

  public static final Sampling DEFAULT =
      new Sampling(null, null, null, null, null, null, null, null, null);

  public static Sampling greedy() {
    return DEFAULT.withTemperature(0.0);
  }

  public Sampling withTemperature(double value) {
    return new Sampling(
        value,
        topK,
        topP,
        minP,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        logitBias,
        seed);
  }

  public Sampling withSeed(long value) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        logitBias,
        value);
  }
}
