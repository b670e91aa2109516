package dev.ponder.engine.schedule;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Keeps what a request got; read after {@link #stats} or a barrier. */
final class Recorder implements GenerationListener {
  final Map<Integer, List<TokenEvent>> tokens = new TreeMap<>();
  final Map<Integer, String> texts = new TreeMap<>();
  final Map<Integer, FinishReason> reasons = new TreeMap<>();
  final CompletableFuture<GenerationStats> end = new CompletableFuture<>();
  private final Consumer<TokenEvent> hook;
  int cachedTokens = -1;
  int events;

  Recorder() {
    this(event -> {});
  }

  /** Calls {@code hook} at each token, on the scheduler's thread. */
  Recorder(Consumer<TokenEvent> hook) {
    this.hook = hook;
  }

  @Override
  public void onStart(int promptTokens, int cached) {
    events++;
    cachedTokens = cached;
  }

  @Override
  public void onToken(TokenEvent event) {
    events++;
    tokens.computeIfAbsent(event.index(), i -> new ArrayList<>()).add(event);
    texts.merge(event.index(), event.text(), String::concat);
    hook.accept(event);
  }

  @Override
  public void onFinish(int index, FinishReason reason, String tailText) {
    events++;
    reasons.put(index, reason);
    texts.merge(index, tailText, String::concat);
  }

  @Override
  public void onComplete(GenerationStats stats) {
    events++;
    end.complete(stats);
  }

  @Override
  public void onError(EngineException error) {
    events++;
    end.completeExceptionally(error);
  }

  /** Waits for the end. */
  GenerationStats stats() {
    return Harness.await(end);
  }

  /** Waits for the error that ended it. */
  EngineException error() {
    CompletableFuture<EngineException> error = new CompletableFuture<>();
    CompletableFuture<GenerationStats> _ =
        end.whenComplete((stats, thrown) -> {
          if (thrown instanceof EngineException e) {
            error.complete(e);
          } else {
            error.completeExceptionally(new AssertionError("completed: " + stats));
          }
        });
    return Harness.await(error);
  }

  List<Integer> ids(int index) {
    return tokens.getOrDefault(index, List.of()).stream().map(TokenEvent::id).toList();
  }

  /** All tokens with their log-probabilities: equal if every logit that counted was. */
  Map<Integer, List<TokenEvent>> all() {
    stats();
    return tokens;
  }
}
