package dev.ponder.engine.schedule;

import static dev.ponder.engine.schedule.Harness.options;
import static dev.ponder.engine.schedule.Harness.prompt;
import static dev.ponder.engine.schedule.Harness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.TokenEvent;
import dev.ponder.engine.sample.SamplerSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests, submitted and cancelled from several threads, on a pool that is too small. */
class SchedulerStressTest {
  private static final int CALLERS = 3;
  private static final int REQUESTS_A_CALLER = 25;
  private static final int KINDS = 12;

  @ParameterizedTest
  @ValueSource(longs = {20261123, 4711, 99})
  void whatCompletesIsRightAndAllPagesComeBack(long seed) throws InterruptedException {
    Map<Integer, Map<Integer, List<TokenEvent>>> expected = new HashMap<>();
    for (int kind = 0; kind < KINDS; kind++) {
      expected.put(kind, Harness.alone(request(kind)).all());
    }
    SplittableRandom random = new SplittableRandom(seed);
    try (Harness harness =
        new Harness(
            11,
            options()
                .withMaxSequences(6)
                .withPrefillChunk(24)
                .withQueue(40, 10_000)
                .withPrefixStore(new MapStore(), Duration.ofMillis(200)))) {
      List<Caller> callers = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int c = 0; c < CALLERS; c++) {
        Caller caller = new Caller(harness, random.split());
        callers.add(caller);
        threads.add(Thread.ofPlatform().start(caller));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      int completed = 0;
      for (Caller caller : callers) {
        for (Submitted submitted : caller.submitted) {
          if (submitted.kept) {
            assertThat(submitted.recorder.all())
                .as("seed %d, kind %d", seed, submitted.kind)
                .isEqualTo(expected.get(submitted.kind));
            completed++;
          }
        }
      }
      assertThat(completed).as("seed %d", seed).isPositive();
      EngineStats stats = harness.stats();
      assertThat(stats.running()).as("seed %d", seed).isZero();
      assertThat(stats.queued()).isZero();
      assertThat(stats.queuedTokens()).isZero();
      assertThat(stats.failed()).isZero();
      assertThat(stats.completed() + stats.cancellations()).isEqualTo(stats.requests());
      assertThat(stats.preemptions()).as("seed %d", seed).isPositive();
      assertThat(harness.leakedPages()).as("seed %d", seed).isZero();
    }
  }

  private static GenerationSpec.Builder request(int kind) {
    // Prompts of four lengths that share beginnings, one to three samples, up to three pages each.
    return spec(10 + 5 * kind, prompt(5 + 17 * (kind % 4), kind % 3))
        .n(1 + kind % 3)
        .useCache(kind % 5 != 0)
        .group(kind % 2 == 0 ? "group " + kind % 4 : null)
        .sampler(SamplerSettings.NEUTRAL.withSeed(kind));
  }

  private static final class Submitted {
    final int kind;
    final boolean kept;
    final Recorder recorder;

    Submitted(int kind, boolean kept, Recorder recorder) {
      this.kind = kind;
      this.kept = kept;
      this.recorder = recorder;
    }
  }

  private static final class Caller implements Runnable {
    final List<Submitted> submitted = new ArrayList<>();
    private final Harness harness;
    private final SplittableRandom random;

    Caller(Harness harness, SplittableRandom random) {
      this.harness = harness;
      this.random = random;
    }

    @Override
    public void run() {
      List<Generation> toCancel = new ArrayList<>();
      for (int i = 0; i < REQUESTS_A_CALLER; i++) {
        int kind = random.nextInt(KINDS);
        boolean kept = random.nextBoolean();
        Recorder recorder = new Recorder();
        try {
          Generation generation = harness.submit(request(kind), recorder);
          submitted.add(new Submitted(kind, kept, recorder));
          if (!kept) {
            toCancel.add(generation);
          }
        } catch (EngineException e) {
          assertThat(e.kind()).isEqualTo(EngineException.Kind.QUEUE_FULL);
        }
        if (!toCancel.isEmpty() && random.nextInt(3) == 0) {
          toCancel.remove(random.nextInt(toCancel.size())).cancel();
        }
        if (random.nextInt(4) == 0) {
          harness.barrier();
        }
      }
      toCancel.forEach(Generation::cancel);
    }
  }
}
