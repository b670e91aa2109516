package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.Namespace;
import dev.ponder.engine.ScoreResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Given continuations of one prompt. */
final class ScoreTask extends Task {
  private final List<int[]> continuations;
  private final int vocabulary;
  private final CompletableFuture<ScoreResult> result = new CompletableFuture<>();

  ScoreTask(
      Namespace namespace,
      int[] prompt,
      List<int[]> continuations,
      int vocabulary,
      long submittedNanos,
      Consumer<Task> wake) {
    super(namespace, prompt, true, null, submittedNanos, wake);
    this.continuations = continuations;
    this.vocabulary = vocabulary;
  }

  /** Cancelling it cancels the task. */
  CompletableFuture<ScoreResult> result() {
    CompletableFuture<ScoreResult> _ =
        result.whenComplete((_, _) -> {
          if (result.isCancelled()) {
            cancel();
          }
        });
    return result;
  }

  @Override
  long queuedTokens() {
    return continuations.stream().mapToLong(c -> c.length).sum() + prompt.length;
  }

  @Override
  List<Branch> newBranches() {
    List<Branch> branches = new ArrayList<>(continuations.size());
    for (int i = 0; i < continuations.size(); i++) {
      branches.add(new ScoreBranch(this, i, continuations.get(i), vocabulary));
    }
    return branches;
  }

  @Override
  void onStart() {}

  @Override
  void onComplete(long nowNanos) {
    List<ScoreResult.Score> scores =
        branches.stream().map(branch -> ((ScoreBranch) branch).score()).toList();
    result.complete(new ScoreResult(scores, prompt.length, cachedTokens));
  }

  @Override
  void onError(EngineException error) {
    result.completeExceptionally(error);
  }
}
