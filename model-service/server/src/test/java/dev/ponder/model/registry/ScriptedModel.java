package dev.ponder.model.registry;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.TokenEvent;
import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.tokenizer.Tokenizer;
import dev.ponder.testing.StreamBattery.End;
import dev.ponder.testing.StreamBattery.Script;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Emits what a test wrote, as fast as it can and on a thread of its own, as the engine does: it
 * never waits for its reader.
 */
public final class ScriptedModel implements LoadedModel {
  private final PromptEncoder prompts;
  private final EngineInfo info;
  private volatile Script script = new Script(0, 12, End.COMPLETE);
  private volatile CompletableFuture<Void> released = new CompletableFuture<>();

  ScriptedModel(GgufMetadata metadata, Clock clock) {
    Tokenizer tokenizer = Tokenizer.of(metadata);
    prompts = PromptEncoder.of(tokenizer, metadata, 1 << 20, clock);
    info =
        new EngineInfo(
            "scripted",
            "script",
            "none",
            "0".repeat(64),
            0,
            1 << 20,
            tokenizer.vocabularySize(),
            16,
            "f16",
            "none",
            32,
            1,
            1,
            1);
  }

  public void play(Script next) {
    released = new CompletableFuture<>();
    script = next;
  }

  /** Completes when the generation that was started last has been told to stop. */
  public CompletableFuture<Void> released() {
    return released;
  }

  @Override
  public EngineInfo info() {
    return info;
  }

  @Override
  public PromptEncoder prompts() {
    return prompts;
  }

  @Override
  public Generation submit(GenerationSpec spec, GenerationListener listener) {
    Script now = script;
    CompletableFuture<Void> stop = released;
    Thread.ofPlatform().daemon().start(() -> emit(now, listener));
    return new Generation() {
      @Override
      public void cancel() {
        stop.complete(null);
      }

      @Override
      public boolean done() {
        return stop.isDone();
      }
    };
  }

  private static void emit(Script script, GenerationListener listener) {
    boolean silentFailure = script.end() == End.FAIL && script.items() == 0;
    if (!silentFailure) {
      listener.onStart(1, 0);
    }
    for (int i = 0; i < script.items(); i++) {
      listener.onToken(new TokenEvent(0, 5, script.text(i), Double.NaN, List.of()));
    }
    switch (script.end()) {
      case COMPLETE -> {
        listener.onFinish(0, FinishReason.STOP, "");
        listener.onComplete(new GenerationStats(1, script.items(), 0, 0, 0, 0, 0, 0));
      }
      case FAIL ->
          listener.onError(
              new EngineException(EngineException.Kind.OUT_OF_MEMORY, "scripted failure"));
      case HANG -> {}
    }
  }

  @Override
  public CompletableFuture<ScoreResult> score(
      int[] prompt, List<int[]> continuations, Namespace namespace) {
    return CompletableFuture.failedFuture(
        new EngineException(EngineException.Kind.UNSUPPORTED, "scripted"));
  }

  @Override
  public EngineStats stats() {
    return new EngineStats(
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void close() {}
}
