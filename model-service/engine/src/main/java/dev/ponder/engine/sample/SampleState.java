package dev.ponder.engine.sample;

import org.jspecify.annotations.Nullable;

/**
 * What a sample carries from one draw to the next: its settings, its index and the tokens that its
 * penalties look at. The random numbers need no state. NOT thread-safe.
 */
public final class SampleState {
  private final SamplerSettings settings;
  private final int index;
  private final int[] biasedIds;
  private final float[] biases;
  private final @Nullable TokenCounts counts;

  /**
   * Starts a sample.
   *
   * @param index the sample's index among those of one prompt
   * @param prompt seen by the repetition penalty
   */
  public SampleState(SamplerSettings settings, int index, int[] prompt) {
    this.settings = settings;
    this.index = index;
    this.biasedIds = settings.logitBias().keySet().stream().mapToInt(id -> id).toArray();
    this.biases = new float[biasedIds.length];
    for (int i = 0; i < biases.length; i++) {
      biases[i] = settings.logitBias().getOrDefault(biasedIds[i], 0f);
    }
    this.counts = settings.penalises() ? new TokenCounts() : null;
    if (counts != null) {
      for (int id : prompt) {
        counts.see(id);
      }
    }
  }

  /** Notes a drawn token. */
  public void accept(int id) {
    if (counts != null) {
      counts.count(id);
    }
  }

  SamplerSettings settings() {
    return settings;
  }

  int index() {
    return index;
  }

  boolean changesLogits() {
    return counts != null || biasedIds.length > 0;
  }

  /** Penalties first, then biases, so that a bias means what it says. */
  void change(float[] logits) {
    if (counts != null) {
      counts.penalise(logits, settings);
    }
    for (int i = 0; i < biases.length; i++) {
      logits[biasedIds[i]] += biases[i];
    }
  }
}
