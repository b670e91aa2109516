package dev.ponder.standalone;

import dev.ponder.standalone.embedded.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The whole platform in the test's JVM, with the real default model, in a folder of its own. */
final class RunningPlatform implements AutoCloseable {
  static final String MODEL = "smollm2-135m-instruct";

  /** Longer than users would wait: on a busy machine a test must not be about speed. */
  private static final String CACHE_WAIT = "--ponder.model.cache-wait=30s";

  private final Installation installation;
  private final List<String> steps = new CopyOnWriteArrayList<>();
  private final Platform platform;
  private final String key;
  private final int port;

  RunningPlatform(Path data, boolean auth) throws IOException {
    installation = new Installation(data);
    installation.prepare();
    Path file = installation.models().resolve(MODEL + ".gguf");
    if (!Files.exists(file)) {
      Files.createSymbolicLink(file, modelFile());
    }
    key = installation.apiKey("cli");
    platform =
        new Platform(
            installation,
            new Platform.Settings("127.0.0.1", 0, MODEL, auth, 256 << 20, List.of(CACHE_WAIT)),
            steps::add);
    port = platform.start();
    new Readiness(Duration.ofMinutes(2)).await(platform.readinessProbes(), MODEL);
  }

  /** Returns the real model's file, or says how to get it. */
  static Path modelFile() {
    String named =
        System.getProperty(
            "ponder.model.file", System.getenv().getOrDefault("PONDER_MODEL_FILE", ""));
    Path file =
        named.isBlank()
            ? Path.of(System.getProperty("user.home"), ".ponder", "models", MODEL + ".gguf")
            : Path.of(named);
    if (!Files.isRegularFile(file)) {
      throw new IllegalStateException(
          file + ": missing (expected: the default model; `./ponder pull` puts it there)");
    }
    return file.toAbsolutePath();
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  String key() {
    return key;
  }

  /** Returns the first column of a query's rows, as text, from the platform's own PostgreSQL. */
  List<String> query(String sql) throws IOException, SQLException {
    String postgres =
        steps.stream().filter(s -> s.startsWith("PostgreSQL on ")).findFirst().orElseThrow();
    String address = postgres.substring("PostgreSQL on ".length());
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://" + address + "/" + PostgresServer.DATABASE,
                PostgresServer.USER,
                installation.secret("postgres"));
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> first = new ArrayList<>();
      while (rows.next()) {
        first.add(rows.getString(1));
      }
      return first;
    }
  }

  /** Says where the latest runs stand and what the engine's thread does, for a test that waits. */
  String state() throws IOException, SQLException {
    List<String> lines = new ArrayList<>();
    lines.addAll(
        query(
            "select concat_ws(' ', r.id, r.strategy, r.status, 'epoch', r.lease_epoch, 'until',"
                + " r.lease_until, e.seq, e.type, e.node, e.at) from strategy.runs r left join"
                + " strategy.run_events e on e.run_id = r.id where r.id in (select id from"
                + " strategy.runs order by created_at desc limit 2) order by r.created_at, e.seq"));
    Thread.getAllStackTraces()
        .forEach((thread, frames) -> {
          if (thread.getName().equals("ponder-scheduler")) {
            lines.add(thread.getName() + " " + thread.getState());
            List.of(frames).forEach(frame -> lines.add("  " + frame));
          }
        });
    return String.join("\n", lines);
  }

  @Override
  public void close() {
    platform.close();
  }
}
