package dev.ponder.standalone.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedServersTest {
  private static final String PASSWORD = "secret-of-the-test";

  @TempDir Path folder;

  @Test
  void keepsItsTablesOverARestart() throws Exception {
    try (PostgresServer postgres = startPostgres()) {
      execute(postgres, "create table kept (n int)");
    }
    try (PostgresServer postgres = startPostgres()) {
      execute(postgres, "insert into kept values (1)");
    }
  }

  @Test
  void refusesTheWrongPassword() throws Exception {
    try (PostgresServer postgres = startPostgres()) {
      assertThatThrownBy(() ->
              DriverManager.getConnection(url(postgres), PostgresServer.USER, "wrong").close())
          .hasMessageContaining("password authentication failed");
    }
  }

  @Test
  void leavesNoServerBehindWhenItsJvmIsKilled() throws Exception {
    Process jvm =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                StartsServersAndWaits.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said;
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      said = out.readLine();
      assertThat(said).isEqualTo("started");
      List<ProcessHandle> servers = serversOf(folder);
      assertThat(servers).hasSizeGreaterThanOrEqualTo(2);

      jvm.destroyForcibly().waitFor();

      for (ProcessHandle server : servers) {
        server.onExit().get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(serversOf(folder)).isEmpty();
    // And what they left on the disk does not hinder the next start.
    startPostgres().close();
    startRedis().close();
  }

  @Test
  void endsAServerThatAnEarlierStartLeftBehind() throws Exception {
    // Two starts on one folder without a stop between: the second finds the first's server alive.
    try (PostgresServer orphan = startPostgres();
        PostgresServer second = startPostgres()) {
      execute(second, "create table proof (n int)");
      assertThat(orphan.isAlive()).isFalse();
    }
  }

  @Test
  void doesNotTouchAProcessThatOnlyHasTheSamePid() throws Exception {
    Path pidFile = folder.resolve("some.pid");
    Files.writeString(pidFile, Long.toString(ProcessHandle.current().pid()));

    assertThat(Orphan.find(pidFile, folder + "/no-such-marker")).isEmpty();
  }

  private static List<ProcessHandle> serversOf(Path data) throws Exception {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(ProcessHandle::isAlive)
          .filter(p -> commandLine(p).contains(data + "/"))
          .filter(p -> !commandLine(p).contains("StartsServersAndWaits"))
          .toList();
    }
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
    } catch (java.io.IOException e) {
      return ""; // it has just ended
    }
  }

  private PostgresServer startPostgres() throws Exception {
    return PostgresServer.start(
        folder.resolve("runtime"), folder.resolve("postgres"), folder.resolve("pg.log"), PASSWORD);
  }

  private RedisServer startRedis() throws Exception {
    return RedisServer.start(
        folder.resolve("runtime"),
        folder.resolve("redis"),
        folder.resolve("redis.log"),
        PASSWORD,
        64 << 20);
  }

  private static void execute(PostgresServer postgres, String sql) throws Exception {
    try (var connection =
            DriverManager.getConnection(url(postgres), PostgresServer.USER, PASSWORD);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String url(PostgresServer postgres) {
    return "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + PostgresServer.DATABASE;
  }

  /** The main class of the JVM that gets killed. */
  static final class StartsServersAndWaits {
    private StartsServersAndWaits() {}

    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[0]);
      PostgresServer postgres =
          PostgresServer.start(
              folder.resolve("runtime"),
              folder.resolve("postgres"),
              folder.resolve("pg.log"),
              PASSWORD);
      RedisServer redis =
          RedisServer.start(
              folder.resolve("runtime"),
              folder.resolve("redis"),
              folder.resolve("redis.log"),
              PASSWORD,
              64 << 20);
      System.out.println(postgres.isAlive() && redis.isAlive() ? "started" : "failed");
      Thread.currentThread().join();
    }
  }
}
