package dev.ponder.engine.sample;

import dev.ponder.engine.EngineException;
import java.util.Map;

/**
 * How the next token is drawn.
 *
 * @param temperature 0 (greedy: the most likely token, ties to the lowest id) to 2
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param topP keep the smallest set of most likely tokens whose probability reaches p, in (0, 1]
 * @param minP drop tokens less likely than minP times the most likely one, in [0, 1]
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen in prompt
 *     or output, in (0, 2]; 1 is none
 * @param frequencyPenalty subtracted once per occurrence in the output, in [-2, 2]
 * @param presencePenalty subtracted once if present in the output, in [-2, 2]
 * @param logitBias added to the logits of these token ids, each in [-100, 100]; at most 4096
 * @param seed equal seeds give equal samples
 */
public record SamplerSettings(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double frequencyPenalty,
    double presencePenalty,
    Map<Integer, Float> logitBias,
    long seed) {
  private static final int MOST_BIASES = 4096;
  private static final float LARGEST_BIAS = 100;

  /** Temperature 1 and nothing else, seed 0. */
  public static final SamplerSettings NEUTRAL =
      new SamplerSettings(1, 0, 1, 0, 1, 0, 0, Map.of(), 0);

  public SamplerSettings {
    check("temperature", temperature, temperature >= 0 && temperature <= 2, "between 0 and 2");
    check("top_k", topK, topK >= 0, "0 or more");
    check("top_p", topP, topP > 0 && topP <= 1, "above 0, at most 1");
    check("min_p", minP, minP >= 0 && minP <= 1, "between 0 and 1");
    check(
        "repetition_penalty",
        repetitionPenalty,
        repetitionPenalty > 0 && repetitionPenalty <= 2,
        "above 0, at most 2");
    check(
        "frequency_penalty", frequencyPenalty, Math.abs(frequencyPenalty) <= 2, "between -2 and 2");
    check("presence_penalty", presencePenalty, Math.abs(presencePenalty) <= 2, "between -2 and 2");
    check(
        "logit_bias",
        logitBias.size(),
        logitBias.size() <= MOST_BIASES,
        "at most " + MOST_BIASES + " entries");
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach((id, bias) ->
        check(
            "logit_bias of token " + id,
            bias,
            Math.abs(bias) <= LARGEST_BIAS,
            "between -100 and 100"));
  }

  /** Always the most likely token. */
  public static SamplerSettings greedy() {
    return NEUTRAL.withTemperature(0);
  }

  public SamplerSettings withTemperature(double value) {
    return new SamplerSettings(
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

  public SamplerSettings withTopK(int value) {
    return new SamplerSettings(
        temperature,
        value,
        topP,
        minP,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        logitBias,
        seed);
  }

  public SamplerSettings withTopP(double value) {
    return new SamplerSettings(
        temperature,
        topK,
        value,
        minP,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        logitBias,
        seed);
  }

  public SamplerSettings withMinP(double value) {
    return new SamplerSettings(
        temperature,
        topK,
        topP,
        value,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        logitBias,
        seed);
  }

  /** The three penalties: repetition, frequency, presence. */
  public SamplerSettings withPenalties(double repetition, double frequency, double presence) {
    return new SamplerSettings(
        temperature, topK, topP, minP, repetition, frequency, presence, logitBias, seed);
  }

  public SamplerSettings withLogitBias(Map<Integer, Float> value) {
    return new SamplerSettings(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        frequencyPenalty,
        presencePenalty,
        value,
        seed);
  }

  public SamplerSettings withSeed(long value) {
    return new SamplerSettings(
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

  boolean penalises() {
    return repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0;
  }

  /** Written so that a NaN never passes. */
  private static void check(String name, Object value, boolean valid, String rule) {
    if (!valid) {
      throw EngineException.invalidArgument(name, value, rule);
    }
  }
}
