package dev.ponder.engine.accuracy;

import dev.ponder.engine.kv.KvSequence;
import dev.ponder.engine.model.LanguageModel;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * How far a model's logits are from the exact reference's over the golden tokens.
 *
 * @param meanKl nats, over all positions; a lower bound of the full figure
 * @param equalTop share of positions with the same most likely token, 0 to 1
 */
record Divergence(double meanKl, double equalTop) {

  static Divergence measure(GoldenLogits golden, LanguageModel model) {
    return measure(golden, model, sequence -> {});
  }

  /** Likewise; {@code stored} may spoil the pages, see {@link ModelRun#evaluate}. */
  static Divergence measure(GoldenLogits golden, LanguageModel model, Consumer<KvSequence> stored) {
    int[] tokens = golden.tokens();
    double[] kl = new double[tokens.length];
    boolean[] equal = new boolean[tokens.length];
    ModelRun.evaluate(
        model,
        tokens,
        (position, logits) -> {
          kl[position] = golden.divergence(position, logits);
          equal[position] = ModelRun.best(logits) == golden.best(position);
        },
        stored);
    double sum = 0;
    int same = 0;
    for (int i = 0; i < tokens.length; i++) {
      sum += kl[i];
      same += equal[i] ? 1 : 0;
    }
    return new Divergence(sum / tokens.length, (double) same / tokens.length);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "mean KL %.3e, top equal %.2f%%", meanKl, 100 * equalTop);
  }
}
