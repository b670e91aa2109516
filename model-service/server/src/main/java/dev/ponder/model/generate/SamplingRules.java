package dev.ponder.model.generate;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.Sampling;
import dev.ponder.engine.sample.SamplerSettings;
import dev.ponder.model.SeedSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns a request's sampling parameters into the engine's, within their ranges. */
final class SamplingRules {
  private static final int MOST_BIASES = 4096;

  private final SeedSource seeds;

  SamplingRules(SeedSource seeds) {
    this.seeds = seeds;
  }

  SamplerSettings settings(@Nullable Sampling given, int vocabulary) {
    Sampling s = given == null ? Sampling.DEFAULT : given;
    double topP = real("sampling.topP", s.topP(), 1, 0, 1);
    if (topP == 0) {
      throw PonderException.invalid("sampling.topP", topP, "above 0, at most 1");
    }
    double repetition = real("sampling.repetitionPenalty", s.repetitionPenalty(), 1, 0, 2);
    if (repetition == 0) {
      throw PonderException.invalid("sampling.repetitionPenalty", repetition, "above 0, at most 2");
    }
    int topK = s.topK() == null ? 0 : s.topK();
    Checks.range("sampling.topK", topK, 0, Integer.MAX_VALUE);
    Long seed = s.seed();
    return new SamplerSettings(
        real("sampling.temperature", s.temperature(), 1, 0, 2),
        topK,
        topP,
        real("sampling.minP", s.minP(), 0, 0, 1),
        repetition,
        real("sampling.frequencyPenalty", s.frequencyPenalty(), 0, -2, 2),
        real("sampling.presencePenalty", s.presencePenalty(), 0, -2, 2),
        biases(s.logitBias(), vocabulary),
        seed == null ? seeds.next() : seed);
  }

  private static double real(
      String name, @Nullable Double value, double absent, double least, double most) {
    if (value == null) {
      return absent;
    }
    Checks.real(name, value, least, most);
    return value;
  }

  private static Map<Integer, Float> biases(@Nullable Map<Integer, Double> given, int vocabulary) {
    if (given == null) {
      return Map.of();
    }
    Checks.range("number of sampling.logitBias", given.size(), 0, MOST_BIASES);
    Map<Integer, Float> biases = new HashMap<>();
    for (Map.Entry<Integer, ? extends @Nullable Double> entry : given.entrySet()) {
      int id = entry.getKey();
      if (id < 0 || id >= vocabulary) {
        throw PonderException.invalid(
            "sampling.logitBias", id, "token ids from 0 to " + (vocabulary - 1));
      }
      Double bias = entry.getValue();
      if (bias == null) {
        throw PonderException.invalid("sampling.logitBias." + id, null, "-100 to 100");
      }
      Checks.real("sampling.logitBias." + id, bias, -100, 100);
      biases.put(id, bias.floatValue());
    }
    return biases;
  }
}
