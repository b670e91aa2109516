package dev.ponder.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final SamplerSettings NEUTRAL = SamplerSettings.NEUTRAL;
  private static final int[] NO_PROMPT = {};

  @Test
  void greedyTakesTheLargestAndOfEqualOnesTheLowest() {
    assertThat(greedy(SamplerSettings.greedy(), 1, 3, 3, 2)).isEqualTo(1);
    assertThat(greedy(SamplerSettings.greedy(), Float.NEGATIVE_INFINITY, -5)).isEqualTo(1);
    assertThat(greedy(SamplerSettings.greedy(), -0f, 0f)).isZero();
  }

  @Test
  void greedyIsTheLimitOfSmallTemperatures() {
    float[] logits = {0, 1, 1.5f, 1.4999f};
    for (double temperature : new double[] {1e-6, 1e-30, Double.MIN_VALUE}) {
      SampleState state = state(NEUTRAL.withTemperature(temperature));
      assertThat(new Sampler(4).sample(logits, state, 7)).isEqualTo(2);
    }
  }

  @Test
  void refusesLogitsThatAreNoNumbers() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (SamplerSettings settings : List.of(NEUTRAL, SamplerSettings.greedy())) {
        assertThatThrownBy(() -> greedy(settings, 0, bad, 1))
            .isInstanceOf(EngineException.class)
            .hasMessageStartingWith("logit of token 1: " + bad + " (expected: a number");
      }
    }
    assertThatThrownBy(() -> greedy(NEUTRAL, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY))
        .isInstanceOf(EngineException.class);
  }

  @Test
  void penaltiesAndBiasesChangeTheLogitsInTheDocumentedOrder() {
    SamplerSettings settings =
        NEUTRAL.withPenalties(2, 0.5, 0.25).withLogitBias(Map.of(0, 10f, 3, -1f));
    SampleState state = new SampleState(settings, 0, new int[] {0, 1});
    state.accept(1);
    state.accept(1);
    state.accept(2);
    float[] logits = {4, 4, -4, 4};
    state.change(logits);
    assertThat(logits)
        .containsExactly(
            4 / 2f + 10, // in the prompt, biased
            4 / 2f - 2 * 0.5f - 0.25f, // in both, twice in the output
            -4 * 2f - 0.5f - 0.25f, // a negative logit is multiplied
            4 - 1f); // unseen, biased
  }

  @Test
  void penaltiesLookAtEveryTokenOfALongText() {
    SampleState state =
        new SampleState(NEUTRAL.withPenalties(1, 0, 1), 0, IntStream.range(5_000, 9_000).toArray());
    IntStream.range(0, 3_000).forEach(state::accept);
    float[] logits = new float[10_000];
    state.change(logits);
    assertThat(IntStream.range(0, 10_000).filter(id -> logits[id] == -1).count()).isEqualTo(3_000);
    assertThat(logits[2_999]).isEqualTo(-1);
    assertThat(logits[3_000]).isZero();
  }

  @Test
  void tinyRepetitionPenaltyStaysFinite() {
    SampleState state = new SampleState(NEUTRAL.withPenalties(1e-45, 0, 0), 0, new int[] {1});
    assertThat(new Sampler(2).sample(new float[] {1, 30}, state, 0)).isEqualTo(1);
  }

  @Test
  void leavesTheLogitsAsTheyAre() {
    float[] logits = {1, 2, 3};
    SampleState state =
        new SampleState(
            NEUTRAL.withPenalties(1.5, 1, 1).withLogitBias(Map.of(1, 5f)), 0, new int[] {2});
    new Sampler(3).sample(logits, state, 0);
    assertThat(logits).containsExactly(1, 2, 3);
  }

  @Test
  void topKOfOneAndTinyTopPAreGreedy() {
    float[] logits = {1, 2, 2, 0};
    for (SamplerSettings settings :
        List.of(NEUTRAL.withTopK(1), NEUTRAL.withTopP(1e-9), NEUTRAL.withMinP(1).withTopK(1))) {
      Sampler sampler = new Sampler(4);
      for (int position = 0; position < 50; position++) {
        assertThat(sampler.sample(logits, state(settings), position)).isEqualTo(1);
      }
    }
  }

  /** A draw depends on its own logits, seed, index and position alone. */
  @Test
  void drawIsTheSameInAnyOrderAndBesideAnyOther() {
    float[] logits = randomLogits(1000, new SplittableRandom(5));
    SamplerSettings settings = NEUTRAL.withTopK(100).withTopP(0.9).withSeed(77);
    Sampler shared = new Sampler(1000);
    int[] forward =
        IntStream.range(0, 50).map(i -> shared.sample(logits, state(settings), i)).toArray();
    for (int i = 49; i >= 0; i--) {
      shared.sample(randomLogits(1000, new SplittableRandom(i)), state(NEUTRAL.withMinP(0.1)), i);
      assertThat(new Sampler(1000).sample(logits, state(settings), i)).isEqualTo(forward[i]);
      assertThat(shared.sample(logits, state(settings), i)).isEqualTo(forward[i]);
    }
    int[] otherIndex =
        IntStream.range(0, 50)
            .map(i -> shared.sample(logits, new SampleState(settings, 1, NO_PROMPT), i))
            .toArray();
    assertThat(otherIndex).isNotEqualTo(forward);
  }

  /** Golden: a change here changes every seeded sample of every user. */
  @Test
  void seededDrawsAreTheSameEverywhere() {
    float[] logits = randomLogits(49_152, new SplittableRandom(2026));
    assertThat(draws(logits, NEUTRAL.withSeed(1)))
        .containsExactly(43821, 42803, 27517, 1792, 32618, 14451);
    assertThat(draws(logits, NEUTRAL.withSeed(1).withTemperature(0.7).withTopK(40)))
        .containsExactly(44483, 44121, 30658, 1295, 34674, 17608);
    assertThat(draws(logits, NEUTRAL.withSeed(-9).withTopP(0.9)))
        .containsExactly(534, 41710, 21148, 32224, 43488, 20760);
    assertThat(draws(logits, NEUTRAL.withSeed(1L << 40).withMinP(0.05)))
        .containsExactly(29372, 46911, 25784, 5077, 25861, 33636);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void frequenciesFollowTheExactDistribution(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] logits = randomLogits(40, random);
    for (SamplerSettings settings :
        List.of(
            NEUTRAL,
            NEUTRAL.withTemperature(0.6),
            NEUTRAL.withTemperature(1.6),
            NEUTRAL.withTopK(9),
            NEUTRAL.withTopP(0.85),
            NEUTRAL.withMinP(0.08),
            NEUTRAL.withTemperature(1.3).withTopK(20).withTopP(0.9).withMinP(0.05))) {
      SamplerSettings seeded = settings.withSeed(random.nextLong());
      int[] counts = new int[logits.length];
      Sampler sampler = new Sampler(logits.length);
      SampleState state = state(seeded);
      for (int position = 0; position < 200_000; position++) {
        counts[sampler.sample(logits, state, position)]++;
      }
      double[] exact = ExactDistribution.of(logits, seeded);
      assertThat(ChiSquare.sigmas(counts, exact)).as("seed %d, %s", seed, seeded).isLessThan(5);
      // The control: a distribution ten per cent hotter must not pass for this one.
      SamplerSettings hotter = seeded.withTemperature(seeded.temperature() * 1.1);
      assertThat(ChiSquare.sigmas(counts, ExactDistribution.of(logits, hotter)))
          .as("control, seed %d, %s", seed, seeded)
          .isGreaterThan(5);
    }
  }

  /** Seeds, indexes and positions must each give independent streams, not only one of them. */
  @Test
  void frequenciesFollowAcrossSeedsAndIndexesToo() {
    float[] logits = randomLogits(20, new SplittableRandom(99));
    double[] exact = ExactDistribution.of(logits, NEUTRAL);
    Sampler sampler = new Sampler(20);
    int[] bySeed = new int[20];
    int[] byIndex = new int[20];
    for (int i = 0; i < 100_000; i++) {
      bySeed[sampler.sample(logits, state(NEUTRAL.withSeed(i)), 5)]++;
      byIndex[sampler.sample(logits, new SampleState(NEUTRAL, i, NO_PROMPT), 5)]++;
    }
    assertThat(ChiSquare.sigmas(bySeed, exact)).isLessThan(5);
    assertThat(ChiSquare.sigmas(byIndex, exact)).isLessThan(5);
  }

  @Test
  void settingsOutOfRangeAreRefusedByName() {
    assertRefused(() -> NEUTRAL.withTemperature(9), "temperature: 9.0 (expected: between 0 and 2)");
    assertRefused(() -> NEUTRAL.withTemperature(Double.NaN), "temperature: NaN");
    assertRefused(() -> NEUTRAL.withTopK(-1), "top_k: -1");
    assertRefused(() -> NEUTRAL.withTopP(0), "top_p: 0.0");
    assertRefused(() -> NEUTRAL.withTopP(-1), "top_p: -1.0");
    assertRefused(() -> NEUTRAL.withMinP(1.1), "min_p: 1.1");
    assertRefused(() -> NEUTRAL.withPenalties(0, 0, 0), "repetition_penalty: 0.0");
    assertRefused(() -> NEUTRAL.withPenalties(1, 3, 0), "frequency_penalty: 3.0");
    assertRefused(() -> NEUTRAL.withPenalties(1, 0, -3), "presence_penalty: -3.0");
    assertRefused(() -> NEUTRAL.withLogitBias(Map.of(1, 101f)), "logit_bias of token 1: 101.0");
    assertRefused(() -> new Sampler(0), "vocabulary: 0");
  }

  private static void assertRefused(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith(message);
  }

  private static int greedy(SamplerSettings settings, float... logits) {
    return new Sampler(logits.length).sample(logits, state(settings), 0);
  }

  private static int[] draws(float[] logits, SamplerSettings settings) {
    Sampler sampler = new Sampler(logits.length);
    return IntStream.range(0, 6).map(i -> sampler.sample(logits, state(settings), i)).toArray();
  }

  private static SampleState state(SamplerSettings settings) {
    return new SampleState(settings, 0, NO_PROMPT);
  }

  /** Distinct, between -4 and 4. */
  private static float[] randomLogits(int tokens, SplittableRandom random) {
    float[] logits = new float[tokens];
    for (int id = 0; id < tokens; id++) {
      logits[id] = (float) (8 * random.nextDouble() - 4);
    }
    return logits;
  }
}
