package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Samples that continue one prompt. */
final class GenerationTask extends Task {
  private final GenerationSpec spec;
  private final GenerationListener listener;
  private final Decoding decoding;
  private int completionTokens;

  GenerationTask(
      GenerationSpec spec,
      GenerationListener listener,
      Decoding decoding,
      long submittedNanos,
      Consumer<Task> wake) {
    super(spec.namespace(), spec.prompt(), spec.useCache(), spec.group(), submittedNanos, wake);
    this.spec = spec;
    this.listener = listener;
    this.decoding = decoding;
  }

  GenerationSpec spec() {
    return spec;
  }

  @Override
  long queuedTokens() {
    return prompt.length;
  }

  @Override
  List<Branch> newBranches() {
    List<Branch> samples = new ArrayList<>(spec.n());
    for (int i = 0; i < spec.n(); i++) {
      samples.add(new GenerationBranch(this, i, decoding));
    }
    return samples;
  }

  @Override
  void onStart() {
    emit(l -> l.onStart(prompt.length, cachedTokens));
  }

  void token(TokenEvent event) {
    completionTokens++;
    decoding.counters().generatedTokens++;
    emit(l -> l.onToken(event));
  }

  void finished(int index, FinishReason reason, String tailText) {
    emit(l -> l.onFinish(index, reason, tailText));
  }

  @Override
  void onComplete(long nowNanos) {
    GenerationStats stats =
        new GenerationStats(
            prompt.length,
            completionTokens,
            cachedTokens,
            scheduledNanos - submittedNanos,
            cacheNanos,
            cacheBytes,
            startedNanos - scheduledNanos - cacheNanos,
            nowNanos - startedNanos);
    emit(l -> l.onComplete(stats));
  }

  @Override
  void onError(EngineException error) {
    if (!cancelled()) {
      tell(error);
    }
  }

  /**
   * A listener that throws loses its request, not the scheduler's thread. It is told, since whoever
   * waits behind it would wait for ever.
   */
  private void emit(Consumer<GenerationListener> event) {
    if (cancelled()) {
      return;
    }
    try {
      event.accept(listener);
    } catch (RuntimeException | Error e) {
      giveUp();
      tell(new EngineException(Kind.INTERNAL, "listener: failed with " + e, e));
    }
  }

  private void tell(EngineException error) {
    try {
      listener.onError(error);
    } catch (RuntimeException | Error _) {
      // It had its chance.
    }
  }
}
