package dev.ponder.model.telemetry;

import dev.ponder.engine.FinishReason;
import dev.ponder.engine.GenerationStats;
import java.util.Arrays;
import java.util.Locale;

/**
 * Measures one request. Called by the engine's thread while the request runs, and at last, once, by
 * the thread that ends it.
 */
public final class RequestMeter {
  private static final long NEVER = Long.MIN_VALUE;

  private final ModelMeters meters;
  private final String model;
  private final long begun;
  private final long[] lastToken;
  private boolean first = true;

  RequestMeter(ModelMeters meters, String model, int n, long now) {
    this.meters = meters;
    this.model = model;
    this.begun = now;
    this.lastToken = new long[n];
    Arrays.fill(lastToken, NEVER);
  }

  public void token(int index) {
    long now = meters.now();
    if (first) {
      first = false;
      meters.time("ponder.ttft", "vllm:time_to_first_token", model, now - begun);
    }
    if (lastToken[index] != NEVER) {
      meters.time("ponder.inter.token", "vllm:inter_token_latency", model, now - lastToken[index]);
    }
    lastToken[index] = now;
  }

  public void finished(FinishReason reason) {
    meters.succeeded(model, reason.name().toLowerCase(Locale.ROOT));
  }

  public void completed(GenerationStats stats) {
    meters.time("ponder.queue.time", "vllm:request_queue_time", model, stats.queueNanos());
    meters.time("ponder.prefill.time", "vllm:request_prefill_time", model, stats.prefillNanos());
    meters.time("ponder.decode.time", "vllm:request_decode_time", model, stats.decodeNanos());
  }

  /** Ends the measurement: {@code completed}, {@code cancelled}, or an error's code. */
  public void ended(String outcome) {
    meters.time("ponder.request.time", "vllm:e2e_request_latency", model, meters.now() - begun);
    meters.count(model, outcome);
  }
}
