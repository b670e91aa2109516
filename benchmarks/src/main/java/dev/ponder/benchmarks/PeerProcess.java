package dev.ponder.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * llama.cpp in a Python process that keeps the model loaded and runs one workload for each line it
 * is sent; see {@code llama_cpp_peer.py}. NOT thread-safe. {@link #close} ends the process.
 */
final class PeerProcess implements AutoCloseable {
  private static final String SCRIPT = "llama_cpp_peer.py";

  /** Far beyond any workload's time, but not forever. */
  private static final Duration LIMIT = Duration.ofMinutes(15);

  /** Java adds the signal's number to it where a program was killed. */
  private static final int KILLED_BY_SIGNAL = 128;

  private static final JsonMapper JSON = JsonMapper.shared();

  private final Process process;
  private final Duration limit;
  private final BufferedReader answers;
  private final CompletableFuture<String> lastError = new CompletableFuture<>();
  private final Writer requests;
  private final String version;
  private long peakBytes;

  private PeerProcess(Process process, Duration limit) {
    this.limit = limit;
    this.process = process;
    this.answers = process.inputReader(UTF_8);
    this.requests = process.outputWriter(UTF_8);
    Thread.ofVirtual().start(this::drainErrors);
    this.version = answer().path("llama_cpp").asString("unknown");
  }

  /**
   * Starts the peer and waits until its model is loaded.
   *
   * @param python an interpreter that has llama-cpp-python and numpy
   * @throws PeerException when it cannot be started or cannot load the model
   */
  static PeerProcess start(Path python, Path model, int threads) {
    try (InputStream script = PeerProcess.class.getResourceAsStream(SCRIPT)) {
      if (script == null) {
        throw new IllegalStateException(SCRIPT + " is not on the class path");
      }
      return start(
          List.of(
              python.toString(),
              "-c",
              new String(script.readAllBytes(), UTF_8),
              model.toString(),
              "--threads",
              Integer.toString(threads)),
          LIMIT);
    } catch (IOException e) {
      throw new PeerException("peer: " + python + " cannot be started (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Starts any command that speaks the script's protocol.
   *
   * @param limit the longest that loading the model, or one run, may take
   */
  static PeerProcess start(List<String> command, Duration limit) throws IOException {
    Process process = new ProcessBuilder(command).start();
    try {
      return new PeerProcess(process, limit);
    } catch (PeerException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  String version() {
    return version;
  }

  /** Peak resident memory as of the latest run; 0 before the first. */
  long peakBytes() {
    return peakBytes;
  }

  /** Seconds of one run. */
  double run(int flash, Workload workload) {
    String request =
        workload.isPrefill()
            ? flash + " prefill " + workload.prompt()
            : "%d decode %d %d %d"
                .formatted(flash, workload.steps(), workload.sequences(), workload.prompt());
    try {
      requests.write(request + "\n");
      requests.flush();
    } catch (IOException e) {
      throw new PeerException("peer: stopped" + lastError(), e);
    }
    JsonNode answer = answer();
    double seconds = answer.path("seconds").asDouble(0);
    if (!(seconds > 0)) {
      throw new PeerException("peer: seconds: " + seconds + " (expected: above 0)");
    }
    peakBytes = answer.path("peakBytes").asLong(0);
    return seconds;
  }

  private JsonNode answer() {
    CompletableFuture<@Nullable String> next = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            next.complete(answers.readLine());
          } catch (IOException e) {
            next.completeExceptionally(e);
          }
        });
    @Nullable String line;
    try {
      line = next.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // It may be stuck in native code and would answer the next request with this one's figure.
      process.destroyForcibly();
      throw new PeerException("peer: no answer (expected: within " + limit + ")", e);
    } catch (ExecutionException e) {
      throw new PeerException("peer: its answer cannot be read (" + e.getCause() + ")", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PeerException("peer: interrupted", e);
    }
    if (line == null) {
      throw new PeerException("peer: stopped" + lastError());
    }
    return parse(line);
  }

  /** The object in one line of the peer's output, unless it reports an error. */
  static JsonNode parse(String line) {
    JsonNode node;
    try {
      node = JSON.readTree(line);
    } catch (JacksonException e) {
      throw new PeerException("peer: answered '" + line + "' (expected: a JSON object)", e);
    }
    if (!node.isObject()) {
      throw new PeerException("peer: answered '" + line + "' (expected: a JSON object)");
    }
    @Nullable JsonNode error = node.get("error");
    if (error != null) {
      throw new PeerException("peer: " + error.asString());
    }
    return node;
  }

  /**
   * Reads the error stream to its end, so that the process never waits for it, and keeps the last
   * line.
   */
  private void drainErrors() {
    String last = "";
    try (BufferedReader errors = process.errorReader(UTF_8)) {
      for (String line; (line = errors.readLine()) != null; ) {
        last = line.isBlank() ? last : line.strip();
      }
    } catch (IOException e) {
      last = "its error stream cannot be read: " + e.getMessage();
    }
    lastError.complete(last);
  }

  /** What ended the process: a signal, or what it said last, for Python the exception. */
  private String lastError() {
    String line = lastError.completeOnTimeout("", 5, TimeUnit.SECONDS).join();
    int signal = signal();
    String why = signal > 0 ? "by signal " + signal : line;
    return why.isEmpty() ? "" : " (" + why + ")";
  }

  /** The signal that killed the process; 0 if it ended otherwise, or has not ended. */
  private int signal() {
    try {
      return process.waitFor(5, TimeUnit.SECONDS)
          ? Math.max(0, process.exitValue() - KILLED_BY_SIGNAL)
          : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
