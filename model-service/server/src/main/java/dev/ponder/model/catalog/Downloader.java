package dev.ponder.model.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Fetches one file over HTTP, going on where an earlier try broke off. Thread-safe. */
final class Downloader {
  private static final int BUFFER = 1 << 17;

  private final HttpClient client;
  private final Duration stallTimeout;

  /**
   * Makes a downloader.
   *
   * @param stallTimeout how long no byte may come
   */
  Downloader(Duration connectTimeout, Duration stallTimeout) {
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(connectTimeout)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    this.stallTimeout = stallTimeout;
  }

  /** Fetches into {@code part}, which may hold the file's beginning already. */
  void fetch(URI uri, Path part, long expectedBytes, ProgressListener progress)
      throws IOException, InterruptedException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    if (have == expectedBytes) {
      return;
    }
    if (have > expectedBytes) {
      Files.delete(part);
      have = 0;
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(stallTimeout);
    if (have > 0) {
      request.header("Range", "bytes=" + have + "-");
    }
    HttpResponse<InputStream> response = send(request.build());
    try (InputStream body = response.body()) {
      boolean resumed = response.statusCode() == 206 && startsAt(response, have);
      if (!resumed && response.statusCode() != 200) {
        throw new IOException("HTTP status " + response.statusCode());
      }
      copy(body, part, resumed ? have : 0, expectedBytes, progress);
    }
  }

  private static boolean startsAt(HttpResponse<?> response, long offset) {
    return response
        .headers()
        .firstValue("Content-Range")
        .filter(range -> range.startsWith("bytes " + offset + "-"))
        .isPresent();
  }

  private HttpResponse<InputStream> send(HttpRequest request)
      throws IOException, InterruptedException {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (HttpTimeoutException e) {
      throw new IOException("no answer in time", e);
    } catch (ConnectException e) {
      boolean unknown = e.getCause() instanceof UnresolvedAddressException;
      throw new IOException(
          unknown || hasUnresolvedCause(e)
              ? "the host name does not resolve on this network"
              : "no connection",
          e);
    }
  }

  private static boolean hasUnresolvedCause(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof UnresolvedAddressException) {
        return true;
      }
    }
    return false;
  }

  private void copy(
      InputStream body, Path part, long have, long expected, ProgressListener progress)
      throws IOException {
    AtomicLong done = new AtomicLong(have);
    Thread watch = watch(body, done);
    byte[] buffer = new byte[BUFFER];
    StandardOpenOption mode =
        have > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
    try (OutputStream out =
        Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, mode)) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        if (done.addAndGet(n) > expected) {
          throw new IOException("more than the expected " + expected + " bytes came");
        }
        out.write(buffer, 0, n);
        progress.bytes(done.get(), expected);
      }
    } finally {
      watch.interrupt();
    }
    if (done.get() != expected) {
      throw new IOException("broke off after " + done.get() + " of " + expected + " bytes");
    }
  }

  /** Closes a body from which nothing comes any more, so that reading it fails. */
  private Thread watch(InputStream body, AtomicLong done) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            for (long seen = -1; seen != done.get(); ) {
              seen = done.get();
              Thread.sleep(stallTimeout);
            }
            body.close();
          } catch (InterruptedException | IOException e) {
            // The copy has ended, or ends with the failure of its own read.
          }
        });
  }
}
