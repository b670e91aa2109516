package dev.ponder.model.generate;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateEvent.TokenLogprob;
import dev.ponder.common.wire.Timings;
import dev.ponder.common.wire.Usage;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.FinishReason;
import dev.ponder.engine.Generation;
import dev.ponder.engine.GenerationListener;
import dev.ponder.engine.GenerationStats;
import dev.ponder.engine.TokenEvent;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Carries a request's events from the engine's thread to the client. The engine never waits: what
 * the client has not taken is kept, up to a bound; a client that falls further behind has its
 * request ended with an error that says so. Nothing that was produced is dropped silently.
 *
 * <p>The engine's callbacks come one at a time; {@link #fail} may come from any thread.
 */
final class EventStream implements GenerationListener {
  private static final double NANOS_PER_MILLI = 1e6;

  private final String model;
  private final Tokenizer tokenizer;
  private final boolean logprobs;
  private final int maxUnread;
  private final Observer observer;
  // Emission is serialised by this object's lock, which is held for an offer to a queue only: the
  // flux is read on another thread, behind publishOn.
  private final Sinks.Many<GenerateEvent> sink;
  private boolean ended; // guarded by this
  private boolean failed; // guarded by this
  private @Nullable Generation generation; // guarded by this

  /** Hears about the progress of a request, on the engine's thread. */
  interface Observer {
    void token(int index);

    void finished(FinishReason reason);

    void completed(GenerationStats stats);
  }

  EventStream(
      String model, Tokenizer tokenizer, boolean logprobs, int maxUnread, Observer observer) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.logprobs = logprobs;
    this.maxUnread = maxUnread;
    this.observer = observer;
    this.sink =
        Sinks.unsafe().many().unicast().onBackpressureBuffer(new LinkedBlockingQueue<>(maxUnread));
  }

  /** Names what produces the events, to be cancelled when the stream fails. */
  void bind(Generation producer) {
    boolean late;
    synchronized (this) {
      generation = producer;
      late = failed;
    }
    if (late) {
      producer.cancel();
    }
  }

  /** The events; failures are errors of the flux. Must be read on another thread. */
  Flux<GenerateEvent> events() {
    return sink.asFlux();
  }

  @Override
  public void onStart(int promptTokens, int cachedTokens) {
    emit(new GenerateEvent.Started(model, promptTokens, cachedTokens));
  }

  @Override
  public void onToken(TokenEvent event) {
    observer.token(event.index());
    emit(
        new GenerateEvent.Token(
            event.index(),
            event.id(),
            event.text(),
            logprobs ? event.logprob() : null,
            logprobs ? alternatives(event) : null));
  }

  private List<TokenLogprob> alternatives(TokenEvent event) {
    List<TokenLogprob> top = new ArrayList<>(event.top().size());
    for (dev.ponder.engine.TokenLogprob each : event.top()) {
      byte[] bytes = tokenizer.bytes(each.id());
      List<Integer> unsigned = new ArrayList<>(bytes.length);
      for (byte b : bytes) {
        unsigned.add(Byte.toUnsignedInt(b));
      }
      top.add(
          new TokenLogprob(
              each.id(),
              bytes.length == 0
                  ? tokenizer.piece(each.id())
                  : new String(bytes, StandardCharsets.UTF_8),
              unsigned,
              each.logprob()));
    }
    return top;
  }

  @Override
  public void onFinish(int index, FinishReason reason, String tailText) {
    observer.finished(reason);
    emit(new GenerateEvent.Finished(index, reason.name().toLowerCase(Locale.ROOT), tailText));
  }

  @Override
  public void onComplete(GenerationStats stats) {
    observer.completed(stats);
    emit(
        new GenerateEvent.Completed(
            new Usage(stats.promptTokens(), stats.completionTokens(), stats.cachedTokens()),
            new Timings(
                stats.queueNanos() / NANOS_PER_MILLI,
                stats.cacheNanos() / NANOS_PER_MILLI,
                stats.cacheBytes(),
                stats.prefillNanos() / NANOS_PER_MILLI,
                stats.decodeNanos() / NANOS_PER_MILLI)));
    end(null);
  }

  @Override
  public void onError(EngineException error) {
    fail(EngineErrors.translate(error));
  }

  /** Ends the stream with a failure, behind what is unread. */
  void fail(PonderException failure) {
    end(failure);
  }

  private synchronized void emit(GenerateEvent event) {
    if (!ended && sink.tryEmitNext(event) == Sinks.EmitResult.FAIL_OVERFLOW) {
      end(
          new PonderException(
              ErrorCode.CANCELLED,
              "unread events: " + maxUnread + " (expected: fewer; the client reads too slowly)"));
    }
  }

  private synchronized void end(@Nullable PonderException failure) {
    if (ended) {
      return;
    }
    ended = true;
    failed = failure != null;
    if (failed && generation != null) {
      generation.cancel();
    }
    // Cannot overflow; refused only when the reader has gone, and then nobody needs it.
    var _ = failure == null ? sink.tryEmitComplete() : sink.tryEmitError(failure);
  }
}
