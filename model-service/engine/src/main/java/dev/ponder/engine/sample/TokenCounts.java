package dev.ponder.engine.sample;

import java.util.Arrays;

/**
 * Which tokens a sample has seen, and how often it has written them: an open-addressing map from id
 * to the number of occurrences in the output (0: in the prompt only). NOT thread-safe.
 */
final class TokenCounts {
  private static final int NONE = -1;

  private int[] ids = filled(64);
  private int[] counts = new int[64];
  private int size;

  /** Notes a token of the prompt. */
  void see(int id) {
    slot(id);
  }

  /** Notes a token of the output. */
  void count(int id) {
    int slot = slot(id); // first: it may replace the arrays
    counts[slot]++;
  }

  /** Applies the penalties to the logits of all tokens seen, in place. */
  void penalise(float[] logits, SamplerSettings settings) {
    float repetition = (float) settings.repetitionPenalty();
    float frequency = (float) settings.frequencyPenalty();
    float presence = (float) settings.presencePenalty();
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != NONE) {
        float logit = logits[ids[i]];
        logit = logit > 0 ? logit / repetition : logit * repetition;
        if (counts[i] > 0) {
          logit -= Math.fma(frequency, counts[i], presence);
        }
        // A tiny repetition penalty must not turn the largest logit into infinity.
        logits[ids[i]] = Math.min(logit, Float.MAX_VALUE);
      }
    }
  }

  /** Returns where {@code id} is, adding it if it is new. */
  private int slot(int id) {
    int slot = find(ids, id);
    if (ids[slot] == id) {
      return slot;
    }
    if (2 * (size + 1) > ids.length) {
      grow();
      slot = find(ids, id);
    }
    ids[slot] = id;
    size++;
    return slot;
  }

  private void grow() {
    int[] larger = filled(2 * ids.length);
    int[] largerCounts = new int[larger.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != NONE) {
        int slot = find(larger, ids[i]);
        larger[slot] = ids[i];
        largerCounts[slot] = counts[i];
      }
    }
    ids = larger;
    counts = largerCounts;
  }

  /** At most half of the slots are taken, so the search ends. */
  private static int find(int[] ids, int id) {
    int mask = ids.length - 1;
    int slot = ((id * 0x9E3779B9) >>> 7) & mask;
    while (ids[slot] != NONE && ids[slot] != id) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static int[] filled(int length) {
    int[] ids = new int[length];
    Arrays.fill(ids, NONE);
    return ids;
  }
}
