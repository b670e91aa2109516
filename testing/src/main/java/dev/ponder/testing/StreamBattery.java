package dev.ponder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What every streaming HTTP endpoint must get right, whatever feeds it: nothing, one item, many, a
 * failure first or midway, a client that leaves, a client that reads slowly.
 *
 * <p>A subclass starts the endpoint on a real port in front of a scripted source (usually a {@link
 * ScriptedServer} in the place of the next service) and says how to read its frames. The battery is
 * the client, over real HTTP.
 */
public abstract class StreamBattery {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How a scripted source ends. */
  public enum End {
    /** In good order. */
    COMPLETE,
    /** With a failure after the items. */
    FAIL,
    /** Not at all: the stream stays open and silent after the items. */
    HANG
  }

  /**
   * How the source behaves at the next request.
   *
   * @param items how many items it produces
   * @param itemChars each item's length in ASCII characters, at least 12
   */
  public record Script(int items, int itemChars, End end) {

    /** The text of item {@code i}: its number, padded; no two are equal. */
    public String text(int i) {
      String head = "<" + i + ">";
      return head + ".".repeat(Math.max(0, itemChars - head.length()));
    }

    /** All items, produced one by one as they are asked for, then the end. */
    public Flux<String> texts() {
      Flux<String> texts = Flux.range(0, items).map(this::text);
      return switch (end) {
        case COMPLETE, FAIL -> texts;
        case HANG -> texts.concatWith(Flux.never());
      };
    }
  }

  /** Makes the source behave so from the next request on. */
  protected abstract void play(Script script);

  /** A request to the endpoint, new for each call. */
  protected abstract WebClient.RequestHeadersSpec<?> request();

  /**
   * Returns the item's text if a frame carries (part of) one, else null: roles, usage, keep-alives
   * and end marks are structure.
   */
  protected abstract @Nullable String content(String frame);

  /** Whether a frame tells the client of a failure. */
  protected abstract boolean failure(String frame);

  /** Whether a frame tells the client of a good end. */
  protected abstract boolean goodEnd(String frame);

  /** Completes once the source of the request under way was told to stop; fails if it is not. */
  protected abstract Mono<Void> released();

  /**
   * How many items the source was made to produce since {@link #play}; -1 if the source does not
   * wait for its consumer (then it must be bounded in some other way).
   */
  protected abstract long produced();

  /** What separates frames. */
  protected String separator() {
    return "\n\n";
  }

  /** For the slow consumer: far more than socket and pipeline buffers hold. */
  protected Script large() {
    return new Script(16_384, 4_096, End.COMPLETE);
  }

  @Test
  void empty() {
    assertComplete(new Script(0, 12, End.COMPLETE));
  }

  @Test
  void one() {
    assertComplete(new Script(1, 12, End.COMPLETE));
  }

  @Test
  void many() {
    assertComplete(new Script(1_000, 12, End.COMPLETE));
  }

  @Test
  void errorFirst() {
    Script script = new Script(0, 12, End.FAIL);
    play(script);
    Seen seen = see();
    assertThat(seen.failed()).as("the client is told: %s", seen).isTrue();
    assertThat(seen.ended).as("no good end is pretended: %s", seen).isFalse();
    assertThat(seen.contents).isEmpty();
  }

  @Test
  void errorMidway() {
    Script script = new Script(3, 12, End.FAIL);
    play(script);
    Seen seen = see();
    assertThat(seen.failed()).as("the client is told: %s", seen).isTrue();
    assertThat(seen.ended).as("no good end is pretended: %s", seen).isFalse();
    assertThat(seen.joined()).isEqualTo(joined(script));
  }

  @Test
  void cancelReachesTheSource() {
    Script script = new Script(3, 12, End.HANG);
    play(script);
    List<String> taken = contents(frames()).take(3).collectList().block(PATIENCE);
    assertThat(taken).containsExactly(script.text(0), script.text(1), script.text(2));
    released().block(PATIENCE);
  }

  @Test
  void slowConsumerLosesNothing() throws InterruptedException {
    Script script = large();
    play(script);
    OneByOne client = new OneByOne(script);
    contents(frames()).subscribe(client);
    assertThat(client.first.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .as("first item came")
        .isTrue();
    if (produced() >= 0) {
      assertThat(producedWhenStill(script))
          .as("items produced while the client holds back")
          .isLessThan(script.items());
    }
    client.request(1);
    assertThat(client.done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("all came").isTrue();
    assertThat(client.failure.get()).isNull();
    assertThat(client.next).isEqualTo(script.items());
  }

  /** Waits until the source has stopped producing: a quarter of a second without progress. */
  private long producedWhenStill(Script script) {
    long before = -1;
    long now = produced();
    while (now != before && now < script.items()) {
      before = now;
      now =
          Mono.delay(Duration.ofMillis(250)).map(tick -> produced()).blockOptional().orElseThrow();
    }
    return now;
  }

  private void assertComplete(Script script) {
    play(script);
    Seen seen = see();
    assertThat(seen.failed()).as("no failure: %s", seen).isFalse();
    assertThat(seen.ended).as("a good end: %s", seen).isTrue();
    assertThat(seen.joined()).isEqualTo(joined(script));
  }

  private static String joined(Script script) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < script.items(); i++) {
      all.append(script.text(i));
    }
    return all.toString();
  }

  private Seen see() {
    Seen seen = new Seen();
    frames()
        .doOnNext(frame -> {
          String content = content(frame);
          if (content != null && !content.isEmpty()) {
            seen.contents.add(content);
          }
          seen.failureFrame |= failure(frame);
          seen.ended |= goodEnd(frame);
        })
        .then()
        .onErrorResume(e -> {
          seen.error = e;
          return Mono.empty();
        })
        .block(PATIENCE);
    return seen;
  }

  private Flux<String> contents(Flux<String> frames) {
    return frames.mapNotNull(this::content).filter(text -> !text.isEmpty());
  }

  private Flux<String> frames() {
    return Flux.defer(() -> {
      Frames frames = new Frames(separator());
      return request()
          .exchangeToFlux(response ->
              response.statusCode().isError()
                  ? response
                      .bodyToMono(String.class)
                      .defaultIfEmpty("")
                      .flatMapMany(body -> Flux.error(new Refused(body)))
                  : response.bodyToFlux(DataBuffer.class).concatMapIterable(frames::feed, 1));
    });
  }

  /** An answer with an error status; it must carry the error body of every service. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String body) {
      super(body);
      assertThat(body).contains("\"error\"", "\"message\"", "\"type\"", "\"param\"", "\"code\"");
    }
  }

  private static final class Seen {
    final List<String> contents = new ArrayList<>();
    boolean failureFrame;
    boolean ended;
    @Nullable Throwable error;

    boolean failed() {
      return failureFrame || error != null;
    }

    String joined() {
      return String.join("", contents);
    }

    @Override
    public String toString() {
      return contents.size()
          + " contents, failure frame "
          + failureFrame
          + ", good end "
          + ended
          + ", error "
          + error;
    }
  }

  /** Takes the first item, then waits for a push, then takes one after the other. */
  private static final class OneByOne extends BaseSubscriber<String> {
    final CountDownLatch first = new CountDownLatch(1);
    final CountDownLatch done = new CountDownLatch(1);
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Script script;
    volatile int next;

    OneByOne(Script script) {
      this.script = script;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      request(1);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // signals are serial; volatile for the reader
    protected void hookOnNext(String text) {
      if (!text.equals(script.text(next))) {
        failure.set(new AssertionError("item " + next + " is not as scripted"));
        cancel();
        done.countDown();
        return;
      }
      next++;
      if (next == 1) {
        first.countDown();
      } else {
        request(1);
      }
    }

    @Override
    protected void hookOnError(Throwable e) {
      failure.set(e);
      first.countDown();
      done.countDown();
    }

    @Override
    protected void hookOnComplete() {
      first.countDown();
      done.countDown();
    }
  }
}
