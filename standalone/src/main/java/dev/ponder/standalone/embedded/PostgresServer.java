package dev.ponder.standalone.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A PostgreSQL of our own, from the binaries on the class path, on a loopback port, with its data
 * in one folder. Durable (fsync stays on): the run log is in it.
 */
public final class PostgresServer implements AutoCloseable {
  public static final String USER = "ponder";
  public static final String DATABASE = "ponder";

  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  private final GuardedProcess process;
  private final int port;

  private PostgresServer(GuardedProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts the server and returns when it takes connections.
   *
   * @param runtime where the binaries are unpacked, once
   * @param data the cluster's folder, made by {@code initdb} when new
   * @param log appended to
   */
  public static PostgresServer start(Path runtime, Path data, Path log, String password)
      throws IOException {
    Path home = unpack(runtime);
    Orphan.end(data.resolve("postmaster.pid"), data.toString());
    if (!Files.exists(data.resolve("PG_VERSION"))) {
      initialise(home, data, log, password);
    }
    int port = Ports.free();
    List<String> command = asOrdinaryUser();
    command.add(home.resolve("bin/postgres").toString());
    command.addAll(List.of("-D", data.toString(), "-p", Integer.toString(port)));
    for (String setting :
        List.of(
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=60",
            "shared_buffers=32MB")) {
      command.addAll(List.of("-c", setting));
    }
    GuardedProcess process = GuardedProcess.start("postgres", log, Map.of(), command);
    PostgresServer server = new PostgresServer(process, port);
    try {
      server.awaitReady(password, log);
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  public int port() {
    return port;
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.close();
  }

  private void awaitReady(String password, Path log) throws IOException {
    Properties login = new Properties();
    login.setProperty("user", USER);
    login.setProperty("password", password);
    login.setProperty("connectTimeout", "2");
    String server = "jdbc:postgresql://127.0.0.1:" + port + "/";
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      try (Connection connection = DriverManager.getConnection(server + "postgres", login)) {
        createDatabase(connection);
        return;
      } catch (SQLException e) {
        if (!process.isAlive()) {
          throw new IOException("PostgreSQL stopped while starting; see " + log, e);
        }
        if (System.nanoTime() > deadline) {
          throw new IOException(
              "PostgreSQL did not answer within " + START_LIMIT.toSeconds() + " s; see " + log, e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  private static void createDatabase(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var found =
            statement.executeQuery(
                "select 1 from pg_database where datname = '" + DATABASE + "'")) {
      if (found.next()) {
        return;
      }
    }
    try (var statement = connection.createStatement()) {
      statement.execute("create database " + DATABASE);
    }
  }

  private static void initialise(Path home, Path data, Path log, String password)
      throws IOException {
    deleteTree(data); // an initdb that was cut off leaves a folder that a second one refuses
    Files.createDirectories(data.getParent());
    Path passwordFile = Files.createTempFile(data.getParent(), "initdb", ".pw");
    try {
      Files.writeString(passwordFile, password);
      List<String> command = asOrdinaryUser();
      command.add(home.resolve("bin/initdb").toString());
      command.addAll(
          List.of(
              "-D",
              data.toString(),
              "-U",
              USER,
              "-E",
              "UTF8",
              "--locale=C",
              "--auth=scram-sha-256",
              "--pwfile=" + passwordFile));
      Process initdb =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      if (!initdb.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || initdb.exitValue() != 0) {
        initdb.destroyForcibly();
        throw new IOException("PostgreSQL's initdb failed; see " + log);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while PostgreSQL was initialised", e);
    } finally {
      Files.deleteIfExists(passwordFile);
    }
  }

  /** PostgreSQL refuses to run as root; in a user namespace of its own it is nobody. */
  private static List<String> asOrdinaryUser() {
    return new UnixSystem().getUid() == 0
        ? new ArrayList<>(List.of("unshare", "-U"))
        : new ArrayList<>();
  }

  private static Path unpack(Path runtime) throws IOException {
    String archive =
        switch (System.getProperty("os.arch")) {
          case "amd64", "x86_64" -> "postgres-linux-x86_64.txz";
          case "aarch64" -> "postgres-linux-arm_64.txz";
          case String other ->
              throw new IOException(
                  "os.arch: "
                      + other
                      + " (expected: amd64 or aarch64, for the embedded PostgreSQL)");
        };
    InputStream resource = PostgresServer.class.getResourceAsStream("/" + archive);
    if (resource == null) {
      throw new IOException(archive + ": not on the class path");
    }
    try (resource) {
      Path home = runtime.resolve("postgres-" + binariesVersion());
      if (Files.isDirectory(home)) {
        return home;
      }
      Files.createDirectories(runtime);
      Path partial = runtime.resolve("postgres.partial");
      deleteTree(partial);
      extract(resource, partial);
      return Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static String binariesVersion() throws IOException {
    try (InputStream in = PostgresServer.class.getResourceAsStream("/ponder-build.properties")) {
      Properties build = new Properties();
      build.load(in);
      return build.getProperty("postgres.version");
    }
  }

  private static void extract(InputStream archive, Path target) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(archive))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("archive entry: " + entry.getName() + " (expected: a path inside)");
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          if ((entry.getMode() & 0100) != 0 && !path.toFile().setExecutable(true)) {
            throw new IOException(path + ": cannot be made executable");
          }
        }
      }
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
