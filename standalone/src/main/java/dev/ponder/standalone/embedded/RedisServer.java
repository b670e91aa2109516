package dev.ponder.standalone.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A Redis of our own, from the binary on the class path, on a loopback port. It writes its data to
 * the folder when it stops, so that prefix KV outlives a restart.
 */
public final class RedisServer implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(30);

  private final GuardedProcess process;
  private final int port;

  private RedisServer(GuardedProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts the server and returns when it answers.
   *
   * @param runtime where the binary is unpacked, once
   * @param data the folder of its dump, pid file and settings
   * @param maxBytes memory for data; the least recently used keys go first beyond it
   */
  public static RedisServer start(Path runtime, Path data, Path log, String password, long maxBytes)
      throws IOException {
    Path binary = unpack(runtime);
    Files.createDirectories(data);
    Path pidFile = data.resolve("redis.pid");
    Orphan.end(pidFile, binary.toString());
    int port = Ports.free();
    Path settings = data.resolve("redis.conf");
    // In a file, since everybody on the machine can read a command line.
    PrivateFiles.write(
        settings,
        """
        bind 127.0.0.1
        port %d
        requirepass %s
        dir "%s"
        pidfile "%s"
        maxmemory %d
        maxmemory-policy allkeys-lru
        save 900 1
        rdbcompression no
        appendonly no
        """
            .formatted(port, password, data, pidFile, maxBytes));
    GuardedProcess process =
        GuardedProcess.start(
            "redis", log, Map.of(), List.of(binary.toString(), settings.toString()));
    RedisServer server = new RedisServer(process, port);
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
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (!answers(password)) {
      if (!process.isAlive()) {
        throw new IOException("Redis stopped while starting; see " + log);
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "Redis did not answer within " + START_LIMIT.toSeconds() + " s; see " + log);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private boolean answers(String password) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(2_000);
      socket
          .getOutputStream()
          .write(("AUTH " + password + "\r\nPING\r\n").getBytes(StandardCharsets.US_ASCII));
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      return "+OK".equals(answers.readLine()) && "+PONG".equals(answers.readLine());
    } catch (IOException e) {
      return false;
    }
  }

  private static Path unpack(Path runtime) throws IOException {
    String name =
        switch (System.getProperty("os.arch")) {
          case "amd64", "x86_64" -> "redis-server-6.2.6-v5-linux-amd64";
          case "aarch64" -> "redis-server-6.2.7-linux-arm64";
          case String other ->
              throw new IOException(
                  "os.arch: " + other + " (expected: amd64 or aarch64, for the embedded Redis)");
        };
    Path binary = runtime.resolve(name);
    if (Files.isExecutable(binary)) {
      return binary;
    }
    Files.createDirectories(runtime);
    try (InputStream resource = RedisServer.class.getResourceAsStream("/" + name)) {
      if (resource == null) {
        throw new IOException(name + ": not on the class path");
      }
      Path partial = runtime.resolve(name + ".partial");
      Files.copy(resource, partial, StandardCopyOption.REPLACE_EXISTING);
      if (!partial.toFile().setExecutable(true)) {
        throw new IOException(partial + ": cannot be made executable");
      }
      return Files.move(partial, binary, StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
