package dev.ponder.model.registry;

import dev.ponder.engine.Engine;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.TokenEvent;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A first generation that nobody waits for: it reads every weight once and lets the JIT compile the
 * kernels, which would otherwise make the first user's answer many times slower. It leaves nothing
 * in any cache.
 */
final class WarmUp {
  private static final int PROMPT_TOKENS = 192;
  private static final int NEW_TOKENS = 48;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private WarmUp() {}

  /** Returns when the generation is over, or has taken too long and is cancelled. */
  static void run(Engine engine) {
    int context = engine.info().contextLength();
    int prompt = Math.min(PROMPT_TOKENS, context / 2);
    if (prompt < 1) {
      return;
    }
    int[] tokens = new int[prompt];
    for (int i = 0; i < prompt; i++) {
      tokens[i] = (i * 31 + 7) % engine.info().vocabulary();
    }
    CountDownLatch over = new CountDownLatch(1);
    var generation =
        engine.submit(
            GenerationSpec.of(new Namespace("warm-up"), tokens)
                .maxTokens(Math.min(NEW_TOKENS, context - prompt))
                .ignoreEos(true)
                .useCache(false)
                .build(),
            new GenerationListener() {
              @Override
              public void onStart(int promptTokens, int cachedTokens) {}

              @Override
              public void onToken(TokenEvent event) {}

              @Override
              public void onFinish(int index, FinishReason reason, String tailText) {}

              @Override
              public void onComplete(GenerationStats stats) {
                over.countDown();
              }

              @Override
              public void onError(EngineException error) {
                over.countDown(); // the first real request will meet and report it
              }
            });
    try {
      if (!over.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        generation.cancel();
      }
    } catch (InterruptedException e) {
      generation.cancel();
      Thread.currentThread().interrupt();
    }
  }
}
