package dev.ponder.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import redis.embedded.RedisServer;

/**
 * A real PostgreSQL and a real Redis for tests, one of each for the whole JVM, started on first use
 * and stopped when the JVM ends. Tests share the processes, not the data: each asks for a {@link
 * #newDatabase} or a Redis of its own.
 *
 * <p>Thread-safe.
 */
public final class RealServers {
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private RealServers() {}

  private static final class Postgres {
    static final EmbeddedPostgres SERVER = start();

    private static EmbeddedPostgres start() {
      try {
        return EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Redis {
    static final int PORT = freePort();
    static final RedisServer SERVER = startRedis(PORT);
  }

  /** A fresh, empty database. */
  public record Database(String host, int port, String name) {
    public static final String USER = "postgres";
    public static final String PASSWORD = "postgres";

    public String r2dbcUrl() {
      return "r2dbc:postgresql://" + host + ":" + port + "/" + name;
    }

    public String jdbcUrl() {
      return "jdbc:postgresql://" + host + ":" + port + "/" + name;
    }
  }

  public static Database newDatabase() {
    String name = "test" + DATABASES.incrementAndGet();
    try (Connection connection = Postgres.SERVER.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    } catch (SQLException e) {
      throw new IllegalStateException("cannot create " + name, e);
    }
    return new Database("localhost", Postgres.SERVER.getPort(), name);
  }

  /** The shared Redis; use keys of your own. */
  public static int redisPort() {
    if (!Redis.SERVER.isActive()) {
      throw new IllegalStateException("the shared Redis has stopped");
    }
    return Redis.PORT;
  }

  /** A Redis that the test may stop and start again; it owns it and must stop it. */
  public static RedisServer startRedis(int port) {
    try {
      RedisServer server =
          RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"").build();
      server.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static int freePort() {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void stop(RedisServer server) {
    try {
      server.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
