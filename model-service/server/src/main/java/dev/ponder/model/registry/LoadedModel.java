package dev.ponder.model.registry;

import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.EngineStats;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A model at work. Thread-safe. */
public interface LoadedModel extends AutoCloseable {
  EngineInfo info();

  PromptEncoder prompts();

  /** As {@link dev.ponder.engine.Engine#submit}. */
  Generation submit(GenerationSpec spec, GenerationListener listener);

  /** As {@link dev.ponder.engine.Engine#score}. */
  CompletableFuture<ScoreResult> score(
      int[] prompt, List<int[]> continuations, Namespace namespace);

  EngineStats stats();

  /** Ends what is running and frees the memory. */
  @Override
  void close();
}
