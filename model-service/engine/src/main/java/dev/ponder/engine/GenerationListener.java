package dev.ponder.engine;

/**
 * Receives a request's events: {@code onStart}, then tokens of all samples interleaved with one
 * {@code onFinish} a sample, then {@code onComplete}; or {@code onError} at any point, after which
 * nothing follows. After {@link Generation#cancel} nothing follows either, apart from an event that
 * is being delivered at that moment.
 *
 * <p>Called on the scheduler's thread, one event at a time: an implementation must not block. One
 * that throws has its request ended, with one {@code onError} more.
 */
public interface GenerationListener {

  /** The prompt's prefill is done and sampling begins. */
  void onStart(int promptTokens, int cachedTokens);

  void onToken(TokenEvent event);

  /**
   * A sample ended.
   *
   * @param tailText text held back for stop matching that turned out to belong to the sample
   */
  void onFinish(int index, FinishReason reason, String tailText);

  void onComplete(GenerationStats stats);

  void onError(EngineException error);
}
