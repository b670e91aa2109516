package dev.ponder.model.registry;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineInfo;
import dev.ponder.model.registry.ModelEntry.FileStamp;
import dev.ponder.model.registry.ModelEntry.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of one folder: {@code <id>.gguf} each. A model is available, loading, ready or failed;
 * loading and unloading happen one at a time, in the order they were asked for, on a thread of
 * their own. A file that cannot be loaded is remembered with the reason until the file changes.
 *
 * <p>Thread-safe. Methods that look at the folder block on it: not for event loops.
 */
public final class ModelRegistry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);
  private static final String SUFFIX = ".gguf";
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
  private static final Duration RETRY_WHILE_LOADING = Duration.ofSeconds(2);
  private static final Duration LAST_CLOSE = Duration.ofSeconds(30);

  private final Path folder;
  private final ModelLoader loader;
  private final int maxLoaded;
  private final Duration drain;
  private final Map<String, ModelEntry> entries = new HashMap<>(); // guarded by this
  private final ExecutorService worker =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("models").factory());
  private volatile boolean closed;
  private volatile BiConsumer<String, @Nullable LoadedModel> observer = (_, _) -> {};

  ModelRegistry(Path folder, ModelLoader loader, int maxLoaded, Duration drain) {
    this.folder = folder;
    this.loader = loader;
    this.maxLoaded = maxLoaded;
    this.drain = drain;
  }

  /** Has models told that become ready, and (as null) that are about to go. */
  public void observe(BiConsumer<String, @Nullable LoadedModel> newObserver) {
    observer = newObserver;
  }

  /** Returns all models of the folder, and those loaded from files that have gone since. */
  public List<ModelInfo> list() throws IOException {
    TreeSet<String> ids = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .filter(id -> ID.matcher(id).matches())
          .forEach(ids::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      LOG.debug("no models folder {}", folder);
    }
    synchronized (this) {
      ids.addAll(entries.keySet());
    }
    return ids.stream().map(id -> describe(id, stampOrNull(id))).toList();
  }

  /**
   * Returns one model.
   *
   * @throws PonderException MODEL_NOT_FOUND
   */
  public ModelInfo find(String id) {
    FileStamp stamp = stampOrNull(id);
    synchronized (this) {
      if (stamp == null && !entries.containsKey(id)) {
        throw notFound(id);
      }
    }
    return describe(id, stamp);
  }

  /** Returns the models that are loaded. Does not look at the folder. */
  public synchronized List<ModelInfo> loaded() {
    return entries.entrySet().stream()
        .filter(e -> e.getValue().state == State.READY)
        .map(e -> info(e.getKey(), "ready", null, null, e.getValue().hosted, e.getValue().stamp))
        .toList();
  }

  /** Whether requests for it are served at once. Does not look at the folder. */
  public synchronized boolean isReady(String id) {
    ModelEntry entry = entries.get(id);
    return entry != null && entry.state == State.READY;
  }

  /** Returns the reason for which a model failed to load, if it did. */
  public synchronized @Nullable String failure(String id) {
    ModelEntry entry = entries.get(id);
    return entry == null || entry.failure == null ? null : entry.failure.getMessage();
  }

  /**
   * Starts loading a model, unless it is loaded or loading already. The future fails with a {@link
   * PonderException}.
   *
   * @throws PonderException MODEL_NOT_FOUND; CONFLICT if too many are loaded; MODEL_FILE_INVALID if
   *     this file has failed before
   */
  public CompletableFuture<Void> load(String id) {
    return request(id).loaded.thenApply(_ -> null);
  }

  private ModelEntry request(String id) {
    FileStamp stamp = stampOrNull(id);
    synchronized (this) {
      ModelEntry entry = entries.get(id);
      boolean stale = entry != null && entry.state == State.FAILED && !entry.stamp.equals(stamp);
      if (entry != null && !stale) {
        if (entry.failure != null) {
          throw entry.failure;
        }
        return entry;
      }
      if (stamp == null) {
        throw notFound(id);
      }
      long held = entries.values().stream().filter(e -> e.state != State.FAILED).count();
      if (held >= maxLoaded) {
        throw new PonderException(
            ErrorCode.CONFLICT,
            "models loaded: " + held + " (expected: fewer than " + maxLoaded + "; unload one)");
      }
      ModelEntry started = new ModelEntry(stamp);
      entries.put(id, started);
      try {
        worker.execute(() -> load(id, started));
      } catch (RejectedExecutionException e) {
        entries.remove(id);
        throw new PonderException(ErrorCode.MODEL_NOT_LOADED, "the service is stopping", e);
      }
      return started;
    }
  }

  private void load(String id, ModelEntry entry) {
    try {
      if (closed) {
        throw notLoaded(id, "is not loaded any more: the service is stopping");
      }
      LoadedModel model =
          loader.load(
              id,
              file(id),
              share -> {
                synchronized (this) {
                  entry.progress = share;
                }
              });
      HostedModel hosted = new HostedModel(model);
      observer.accept(id, model);
      synchronized (this) {
        entry.hosted = hosted;
        entry.state = State.READY;
      }
      entry.loaded.complete(hosted);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      PonderException failure = refusal(id, e);
      LOG.warn("{}", failure.getMessage(), failure.code() == ErrorCode.INTERNAL ? e : null);
      synchronized (this) {
        entry.failure = failure;
        entry.state = State.FAILED;
      }
      entry.loaded.completeExceptionally(failure);
    }
  }

  private static PonderException refusal(String id, Throwable e) {
    String what = "model " + id + ": ";
    return switch (e) {
      case PonderException known -> known;
      case EngineException refused when refused.kind() != EngineException.Kind.INTERNAL ->
          new PonderException(ErrorCode.MODEL_FILE_INVALID, what + refused.getMessage(), refused);
      case IOException unreadable ->
          new PonderException(
              ErrorCode.MODEL_FILE_INVALID,
              what + "the file cannot be read: " + unreadable.getMessage(),
              unreadable);
      case OutOfMemoryError tooLarge ->
          new PonderException(
              ErrorCode.MODEL_FILE_INVALID, what + "not enough memory for it", tooLarge);
      default -> new PonderException(ErrorCode.INTERNAL, what + "loading failed unexpectedly", e);
    };
  }

  /**
   * Returns a lease on a model that is ready; does not look at the folder.
   *
   * @throws PonderException MODEL_NOT_LOADED
   */
  public Lease lease(String id) {
    HostedModel hosted;
    synchronized (this) {
      ModelEntry entry = entries.get(id);
      hosted = entry == null ? null : entry.hosted;
    }
    Lease lease = hosted == null ? null : hosted.lease();
    if (lease == null) {
      throw stillLoading(id);
    }
    return lease;
  }

  /** What a request is told that will not wait longer for its model. */
  public PonderException stillLoading(String id) {
    ModelEntry entry;
    synchronized (this) {
      entry = entries.get(id);
    }
    return notLoaded(
        id,
        entry == null ? "is not loaded" : "is loading, " + Math.round(100 * entry.progress) + "%");
  }

  /**
   * Unloads a model: it takes no requests from now on; those that run may end within the drain
   * time. The future completes when its memory is free. A model that is not loaded is fine.
   *
   * @throws PonderException MODEL_NOT_FOUND; CONFLICT while it is loading
   */
  public CompletableFuture<Void> unload(String id) {
    HostedModel hosted;
    synchronized (this) {
      ModelEntry entry = entries.get(id);
      if (entry != null && entry.state == State.LOADING) {
        throw new PonderException(
            ErrorCode.CONFLICT, "model " + id + ": loading (expected: ready, to be unloaded)");
      }
      entries.remove(id);
      hosted = entry == null ? null : entry.hosted;
    }
    if (hosted == null) {
      if (stampOrNull(id) == null) {
        throw notFound(id);
      }
      return CompletableFuture.completedFuture(null);
    }
    return CompletableFuture.runAsync(() -> retire(id, hosted, drain), worker);
  }

  private void retire(String id, HostedModel hosted, Duration bound) {
    observer.accept(id, null);
    hosted.drainAndClose(bound);
    LOG.info("model {} unloaded", id);
  }

  /** Unloads everything at once; what still runs fails. */
  @Override
  public void close() {
    closed = true;
    Map<String, ModelEntry> all;
    synchronized (this) {
      all = Map.copyOf(entries);
      entries.clear();
    }
    worker.shutdown();
    try {
      if (!worker.awaitTermination(LAST_CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a model was still loading or draining when the service stopped");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    all.forEach((id, entry) -> {
      if (entry.hosted != null) {
        retire(id, entry.hosted, Duration.ZERO);
      }
    });
  }

  private ModelInfo describe(String id, @Nullable FileStamp stamp) {
    ModelEntry entry;
    State state;
    double progress;
    PonderException failure;
    HostedModel hosted;
    synchronized (this) {
      entry = entries.get(id);
      boolean stale = entry != null && entry.state == State.FAILED && !entry.stamp.equals(stamp);
      if (entry == null || stale) {
        return info(id, "available", null, null, null, stamp);
      }
      state = entry.state;
      progress = entry.progress;
      failure = entry.failure;
      hosted = entry.hosted;
    }
    return switch (state) {
      case LOADING -> info(id, "loading", progress, null, null, stamp);
      case READY -> info(id, "ready", null, null, hosted, stamp);
      case FAILED ->
          info(id, "failed", null, failure == null ? null : failure.getMessage(), null, stamp);
    };
  }

  private static ModelInfo info(
      String id,
      String state,
      @Nullable Double progress,
      @Nullable String error,
      @Nullable HostedModel hosted,
      @Nullable FileStamp stamp) {
    EngineInfo engine = hosted == null ? null : hosted.model().info();
    return new ModelInfo(
        id,
        state,
        progress,
        error,
        engine == null ? null : engine.architecture(),
        engine == null ? null : engine.quantization(),
        engine == null ? null : engine.parameters(),
        engine == null ? null : engine.contextLength(),
        engine == null ? null : engine.activationBits(),
        engine == null ? null : engine.kvType(),
        engine == null ? null : engine.kernels(),
        engine == null ? null : engine.digest(),
        stamp == null ? 0 : stamp.modifiedMillis() / 1000);
  }

  private Path file(String id) {
    return folder.resolve(id + SUFFIX);
  }

  /** Looks at a model's file. The pattern of ids admits no path separators. */
  private @Nullable FileStamp stampOrNull(String id) {
    if (!ID.matcher(id).matches()) {
      return null;
    }
    try {
      BasicFileAttributes file = Files.readAttributes(file(id), BasicFileAttributes.class);
      return file.isRegularFile()
          ? new FileStamp(file.size(), file.lastModifiedTime().toMillis())
          : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static PonderException notFound(String id) {
    String shown = ID.matcher(id).matches() ? "'" + id + "'" : "of that name";
    return new PonderException(
        ErrorCode.MODEL_NOT_FOUND, "no model " + shown + " is here", "model", null, null);
  }

  private static PonderException notLoaded(String id, String why) {
    return PonderException.busy(
        ErrorCode.MODEL_NOT_LOADED, "model " + id + " " + why, RETRY_WHILE_LOADING);
  }
}
