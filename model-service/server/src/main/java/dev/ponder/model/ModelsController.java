package dev.ponder.model;

import dev.ponder.common.wire.ModelInfo;
import dev.ponder.model.registry.ModelRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code /internal/v1/models}: what there is, loading and unloading. */
@RestController
@RequestMapping("/internal/v1/models")
class ModelsController {
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  private final ModelRegistry registry;
  private final Scheduler scheduler;

  ModelsController(ModelRegistry registry, Scheduler promptScheduler) {
    this.registry = registry;
    this.scheduler = promptScheduler;
  }

  @GetMapping
  Mono<List<ModelInfo>> list() {
    return Mono.fromCallable(registry::list).subscribeOn(scheduler);
  }

  @GetMapping("/{id}")
  Mono<ModelInfo> find(@PathVariable String id) {
    return Mono.fromCallable(() -> registry.find(id)).subscribeOn(scheduler);
  }

  /** Starts loading: 202 with the model's state; with {@code wait}, 200 once it is ready. */
  @PostMapping("/{id}/load")
  Mono<ResponseEntity<ModelInfo>> load(
      @PathVariable String id, @RequestParam(defaultValue = "false") boolean wait) {
    return change(id, wait, () -> registry.load(id));
  }

  /** Starts unloading: 202 with the model's state; with {@code wait}, 200 once it is gone. */
  @PostMapping("/{id}/unload")
  Mono<ResponseEntity<ModelInfo>> unload(
      @PathVariable String id, @RequestParam(defaultValue = "false") boolean wait) {
    return change(id, wait, () -> registry.unload(id));
  }

  private Mono<ResponseEntity<ModelInfo>> change(
      String id, boolean wait, Supplier<CompletableFuture<Void>> change) {
    return Mono.fromCallable(change::get)
        .subscribeOn(scheduler)
        .flatMap(done ->
            // A copy, so that a client that leaves does not stop the change itself.
            wait ? Mono.fromFuture(done.copy()).timeout(LONGEST_WAIT) : Mono.empty())
        .then(find(id))
        .map(info -> ResponseEntity.status(wait ? HttpStatus.OK : HttpStatus.ACCEPTED).body(info));
  }
}
