package dev.ponder.model.telemetry;

import dev.ponder.engine.EngineStats;
import dev.ponder.model.registry.LoadedModel;
import dev.ponder.model.registry.ModelRegistry;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The meters of each loaded model, under Ponder's names ({@code ponder.*}, tag {@code model}) and
 * under the names of vLLM ({@code vllm:*}, tag {@code model_name}), so that dashboards and load
 * balancers made for it work unchanged. Thread-safe.
 */
@Component
public class ModelMeters {
  // From a fast step to minutes: prefill on a CPU may take long, and a bucket must still tell.
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5), Duration.ofMillis(10),
    Duration.ofMillis(20), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(200),
    Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(5),
    Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(120),
    Duration.ofSeconds(300), Duration.ofSeconds(600)
  };

  private final MeterRegistry meters;
  private final Map<String, List<Meter>> bound = new ConcurrentHashMap<>();

  ModelMeters(MeterRegistry meters, ModelRegistry models) {
    this.meters = meters;
    models.observe(this::changed);
  }

  private void changed(String id, @Nullable LoadedModel model) {
    List<Meter> old = bound.remove(id);
    if (old != null) {
      old.forEach(meters::remove);
    }
    if (model != null) {
      bound.put(id, bind(id, model));
    }
  }

  private List<Meter> bind(String id, LoadedModel model) {
    List<Meter> all = new ArrayList<>();
    Tags ours = Tags.of("model", id);
    gauge(all, "ponder.requests.running", ours, model, EngineStats::running);
    gauge(all, "ponder.requests.queued", ours, model, EngineStats::queued);
    gauge(all, "ponder.queue.tokens", ours, model, EngineStats::queuedTokens);
    gauge(all, "ponder.kv.pages", ours.and("state", "total"), model, EngineStats::kvPagesTotal);
    gauge(all, "ponder.kv.pages", ours.and("state", "used"), model, EngineStats::kvPagesUsed);
    gauge(all, "ponder.kv.pages", ours.and("state", "cached"), model, EngineStats::kvPagesCached);
    gauge(all, "ponder.step.millis.p95", ours, model, EngineStats::stepMillisP95);
    gauge(all, "ponder.prefill.rate", ours, model, EngineStats::prefillTokensPerSecond);
    gauge(all, "ponder.decode.rate", ours, model, EngineStats::decodeTokensPerSecond);
    counter(all, "ponder.tokens", ours.and("type", "prompt"), model, EngineStats::promptTokens);
    counter(all, "ponder.tokens", ours.and("type", "cached"), model, EngineStats::cachedTokens);
    counter(
        all, "ponder.tokens", ours.and("type", "completion"), model, EngineStats::generatedTokens);
    counter(all, "ponder.engine.steps", ours, model, EngineStats::steps);
    counter(all, "ponder.engine.rows", ours, model, EngineStats::rows);
    counter(all, "ponder.engine.preemptions", ours, model, EngineStats::preemptions);
    counter(all, "ponder.engine.rejected", ours, model, EngineStats::rejected);
    counter(all, "ponder.engine.cancellations", ours, model, EngineStats::cancellations);
    counter(all, "ponder.kv.pages.fetched", ours, model, EngineStats::fetchedPages);
    counter(all, "ponder.kv.pages.offered", ours, model, EngineStats::offeredPages);
    Tags vllm = Tags.of("model_name", id);
    gauge(all, "vllm:num_requests_running", vllm, model, EngineStats::running);
    gauge(all, "vllm:num_requests_waiting", vllm, model, EngineStats::queued);
    gauge(all, "vllm:kv_cache_usage_perc", vllm, model, ModelMeters::kvShare);
    counter(all, "vllm:prompt_tokens", vllm, model, EngineStats::promptTokens);
    counter(all, "vllm:generation_tokens", vllm, model, EngineStats::generatedTokens);
    counter(all, "vllm:num_preemptions", vllm, model, EngineStats::preemptions);
    // Theirs count tokens: those looked up, and those found.
    counter(all, "vllm:prefix_cache_queries", vllm, model, EngineStats::promptTokens);
    counter(all, "vllm:prefix_cache_hits", vllm, model, EngineStats::cachedTokens);
    return all;
  }

  private static double kvShare(EngineStats stats) {
    int held = stats.kvPagesUsed() - stats.kvPagesCached();
    return stats.kvPagesTotal() == 0 ? 0 : held / (double) stats.kvPagesTotal();
  }

  private void gauge(
      List<Meter> all,
      String name,
      Tags tags,
      LoadedModel model,
      ToDoubleFunction<EngineStats> value) {
    all.add(
        Gauge.builder(name, model, m -> value.applyAsDouble(m.stats()))
            .tags(tags)
            .strongReference(true)
            .register(meters));
  }

  private void counter(
      List<Meter> all,
      String name,
      Tags tags,
      LoadedModel model,
      ToDoubleFunction<EngineStats> value) {
    // The registry keeps a weak reference; the model lives as long as it is bound.
    all.add(
        FunctionCounter.builder(name, model, m -> value.applyAsDouble(m.stats()))
            .tags(tags)
            .register(meters));
  }

  /** Starts measuring one request for {@code n} samples. */
  public RequestMeter request(String model, int n) {
    return new RequestMeter(this, model, n, now());
  }

  long now() {
    return meters.config().clock().monotonicTime();
  }

  void count(String model, String outcome) {
    meters.counter("ponder.requests", "model", model, "outcome", outcome).increment();
  }

  void succeeded(String model, String reason) {
    meters
        .counter("vllm:request_success", "model_name", model, "finished_reason", reason)
        .increment();
  }

  /** Records one duration under both names. */
  void time(String ours, String vllm, String model, long nanos) {
    timer(ours, "model", model).record(Duration.ofNanos(nanos));
    timer(vllm, "model_name", model).record(Duration.ofNanos(nanos));
  }

  private Timer timer(String name, String tag, String model) {
    return Timer.builder(name).tag(tag, model).serviceLevelObjectives(BUCKETS).register(meters);
  }
}
