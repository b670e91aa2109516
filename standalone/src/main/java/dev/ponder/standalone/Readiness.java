package dev.ponder.standalone;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for services to say that they are ready. */
public final class Readiness {
  private final Duration limit;

  public Readiness(Duration limit) {
    this.limit = limit;
  }

  /**
   * Returns when every probe has answered 200.
   *
   * @param model named in the error
   */
  public void await(List<String> probes, String model) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (String probe : probes) {
        String last = answer(client, probe);
        while (!last.startsWith("200")) {
          if (System.nanoTime() > deadline) {
            throw new IOException(
                probe
                    + " was not ready within "
                    + limit.toSeconds()
                    + " s (model "
                    + model
                    + "): "
                    + last);
          }
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
          last = answer(client, probe);
        }
      }
    }
  }

  static String answer(HttpClient client, String url) {
    try {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(5)).build(),
              HttpResponse.BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    } catch (IOException e) {
      return "not reachable";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
