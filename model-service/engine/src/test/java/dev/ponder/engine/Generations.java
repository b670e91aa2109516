package dev.ponder.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Requests as futures, for tests. */
final class Generations {
  private static final int LONGEST_TEST_SECONDS = 300;

  private Generations() {}

  /** Runs a request with one sample to its end and returns its tokens. */
  static List<TokenEvent> run(Engine engine, GenerationSpec spec) throws Exception {
    return submit(engine, spec).get(LONGEST_TEST_SECONDS, TimeUnit.SECONDS);
  }

  /** Submits a request; the future has its tokens at its end. */
  static CompletableFuture<List<TokenEvent>> submit(Engine engine, GenerationSpec spec) {
    CompletableFuture<List<TokenEvent>> result = new CompletableFuture<>();
    List<TokenEvent> events = new ArrayList<>();
    engine.submit(
        spec,
        new GenerationListener() {
          @Override
          public void onStart(int promptTokens, int cachedTokens) {}

          @Override
          public void onToken(TokenEvent event) {
            events.add(event);
          }

          @Override
          public void onFinish(int index, FinishReason reason, String tailText) {}

          @Override
          public void onComplete(GenerationStats stats) {
            result.complete(events);
          }

          @Override
          public void onError(EngineException error) {
            result.completeExceptionally(error);
          }
        });
    return result;
  }

  static String text(List<TokenEvent> events) {
    return events.stream().map(TokenEvent::text).collect(Collectors.joining());
  }
}
