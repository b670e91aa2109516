package dev.ponder.engine.sample;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The distribution that settings define, written down naively: sorting, and in doubles. */
final class ExactDistribution {
  private ExactDistribution() {}

  static double[] of(float[] logits, SamplerSettings settings) {
    double[] p = new double[logits.length];
    double largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    for (int id = 0; id < p.length; id++) {
      p[id] = Math.exp((logits[id] - largest) / settings.temperature());
    }
    List<Integer> kept =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer id) -> -p[id]))
            .limit(settings.topK() > 0 ? settings.topK() : p.length)
            .toList();
    double total = kept.stream().mapToDouble(id -> p[id]).sum();
    double sum = 0;
    int nucleus = 0;
    while (nucleus < kept.size() && sum < settings.topP() * total) {
      sum += p[kept.get(nucleus++)];
    }
    double[] q = new double[p.length];
    double left = 0;
    for (int id : kept.subList(0, nucleus)) {
      if (p[id] >= settings.minP()) {
        q[id] = p[id];
        left += p[id];
      }
    }
    for (int id = 0; id < q.length; id++) {
      q[id] /= left;
    }
    return q;
  }
}
