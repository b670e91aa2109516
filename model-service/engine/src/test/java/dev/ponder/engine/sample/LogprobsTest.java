package dev.ponder.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ponder.engine.TokenLogprob;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogprobsTest {

  @Test
  void agreesWithLogSoftmaxInDoubles() {
    SplittableRandom random = new SplittableRandom(3);
    float[] logits = new float[5000];
    for (int id = 0; id < logits.length; id++) {
      logits[id] = (float) (40 * random.nextDouble() - 20);
    }
    double sum = IntStream.range(0, logits.length).mapToDouble(id -> Math.exp(logits[id])).sum();
    Logprobs logprobs = new Logprobs(logits, logits.length);
    for (int id = 0; id < logits.length; id++) {
      assertThat(logprobs.of(id)).isCloseTo(logits[id] - Math.log(sum), within(1e-6));
    }
    List<Integer> best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.comparingDouble(id -> -logits[id]))
            .limit(20)
            .toList();
    assertThat(logprobs.top(20, logits.length)).extracting(TokenLogprob::id).isEqualTo(best);
  }

  @Test
  void alternativesAreBestFirstAndTiesGoToTheLowerId() {
    float[] logits = {1, 5, 3, 5, 3, Float.NEGATIVE_INFINITY};
    Logprobs logprobs = new Logprobs(logits, logits.length);
    assertThat(logprobs.top(4, logits.length))
        .extracting(TokenLogprob::id)
        .containsExactly(1, 3, 2, 4);
    assertThat(logprobs.top(0, logits.length)).isEmpty();
    assertThat(logprobs.top(20, logits.length)).hasSize(6);
    assertThat(logprobs.of(5)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void neverPositive() {
    float[] logits = {0, -200, -200};
    assertThat(new Logprobs(logits, 3).of(0)).isZero();
  }
}
