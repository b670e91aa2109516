package dev.ponder.standalone;

import dev.ponder.cache.CacheService;
import dev.ponder.gateway.GatewayService;
import dev.ponder.model.ModelService;
import dev.ponder.standalone.embedded.PostgresServer;
import dev.ponder.standalone.embedded.RedisServer;
import dev.ponder.strategy.StrategyService;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * PostgreSQL, Redis and the four services in this JVM, started in the order in which they need each
 * other and stopped the other way round. The services speak HTTP over the loopback interface, as
 * they do when each has a machine of its own.
 *
 * <p>Thread-safe: {@link #close} may come from a shutdown hook while {@link #start} still runs.
 */
public final class Platform implements AutoCloseable {
  /** What a service does without, though it is on the shared class path. */
  private static final List<String> DATABASE =
      List.of(
          "org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration",
          "org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration",
          "org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcAutoConfiguration",
          "org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcRepositoriesAutoConfiguration",
          "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
          "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration");

  private static final List<String> REDIS =
      List.of(
          "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
          "org.springframework.boot.data.redis.autoconfigure.DataRedisReactiveAutoConfiguration",
          "org.springframework.boot.data.redis.autoconfigure.DataRedisRepositoriesAutoConfiguration");

  private final Installation installation;
  private final Settings settings;
  private final Consumer<String> progress;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final List<String> readiness = new CopyOnWriteArrayList<>();
  private boolean closed;

  /**
   * What {@code ponder up} lets its user choose.
   *
   * @param port the gateway's; 0 takes any free one
   * @param redisBytes memory for prefix KV
   * @param modelArguments further {@code --name=value} properties of the model-service
   */
  public record Settings(
      String address,
      int port,
      String model,
      boolean auth,
      long redisBytes,
      List<String> modelArguments) {}

  /**
   * Makes a platform that is not started yet.
   *
   * @param progress told of each step as it is done
   */
  public Platform(Installation installation, Settings settings, Consumer<String> progress) {
    this.installation = installation;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Starts everything and returns the gateway's port; the model may still be loading.
   *
   * @throws IOException when a server cannot be started; nothing is left behind
   */
  public int start() throws IOException {
    try {
      String databasePassword = installation.secret("postgres");
      String redisPassword = installation.secret("redis");
      PostgresServer postgres =
          keep(
              PostgresServer.start(
                  installation.runtime(),
                  installation.postgres(),
                  installation.logs().resolve("postgres.log"),
                  databasePassword));
      progress.accept("PostgreSQL on 127.0.0.1:" + postgres.port());
      RedisServer redis =
          keep(
              RedisServer.start(
                  installation.runtime(),
                  installation.redis(),
                  installation.logs().resolve("redis.log"),
                  redisPassword,
                  settings.redisBytes()));
      progress.accept("Redis on 127.0.0.1:" + redis.port());

      List<String> database =
          List.of(
              "--spring.r2dbc.url=r2dbc:postgresql://127.0.0.1:"
                  + postgres.port()
                  + "/"
                  + PostgresServer.DATABASE,
              "--spring.r2dbc.username=" + PostgresServer.USER,
              "--spring.r2dbc.password=" + databasePassword,
              "--spring.flyway.url=jdbc:postgresql://127.0.0.1:"
                  + postgres.port()
                  + "/"
                  + PostgresServer.DATABASE,
              "--spring.flyway.user=" + PostgresServer.USER,
              "--spring.flyway.password=" + databasePassword);

      int cache =
          port(
              service(
                  CacheService::start,
                  internal(
                      DATABASE,
                      List.of(
                          "--spring.data.redis.host=127.0.0.1",
                          "--spring.data.redis.port=" + redis.port(),
                          "--spring.data.redis.password=" + redisPassword))));
      progress.accept("cache-service on 127.0.0.1:" + cache);

      List<String> model = new ArrayList<>(settings.modelArguments());
      model.add("--ponder.model.dir=" + installation.models());
      model.add("--ponder.model.load=" + settings.model());
      model.add("--ponder.cache.url=" + loopback(cache));
      int modelPort = port(service(ModelService::start, internal(with(DATABASE, REDIS), model)));
      progress.accept("model-service on 127.0.0.1:" + modelPort);

      int strategy =
          port(
              service(
                  StrategyService::start,
                  internal(
                      REDIS,
                      with(
                          database,
                          List.of(
                              "--ponder.model.url=" + loopback(modelPort),
                              "--ponder.strategy.default-model=" + settings.model())))));
      progress.accept("strategy-service on 127.0.0.1:" + strategy);

      List<String> gateway = new ArrayList<>(database);
      gateway.add("--ponder.model.url=" + loopback(modelPort));
      gateway.add("--ponder.strategy.url=" + loopback(strategy));
      gateway.add("--ponder.gateway.auth=" + settings.auth());
      gateway.add("--ponder.gateway.bootstrap-keys=" + bootstrapKeys());
      List<String> arguments = new ArrayList<>(common(REDIS));
      arguments.addAll(gateway);
      arguments.add("--server.address=" + settings.address());
      arguments.add("--server.port=" + settings.port());
      int port = port(service(GatewayService::start, arguments));
      progress.accept("gateway-service on " + settings.address() + ":" + port);
      return port;
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns the readiness probes of the services started so far. */
  public List<String> readinessProbes() {
    return List.copyOf(readiness);
  }

  @Override
  public void close() {
    while (true) {
      AutoCloseable next;
      synchronized (started) {
        closed = true;
        next = started.pollFirst();
      }
      if (next == null) {
        return;
      }
      try {
        next.close();
      } catch (Exception e) {
        // The rest must still be stopped.
        progress.accept("while stopping: " + e.getMessage());
      }
    }
  }

  private String bootstrapKeys() throws IOException {
    String cli = "cli=" + installation.apiKey("cli");
    return installation.firstKey().map(first -> "first=" + first + "," + cli).orElse(cli);
  }

  private List<String> internal(List<String> excluded, List<String> own) throws IOException {
    List<String> arguments = new ArrayList<>(common(excluded));
    arguments.add("--server.address=127.0.0.1");
    arguments.add("--server.port=0");
    arguments.addAll(own);
    return arguments;
  }

  private List<String> common(List<String> excluded) throws IOException {
    return List.of(
        "--ponder.internal.secret=" + installation.secret("internal"),
        "--spring.main.register-shutdown-hook=false", // this class stops them, in order
        "--spring.main.banner-mode=off",
        "--spring.autoconfigure.exclude=" + String.join(",", excluded),
        "--management.metrics.use-global-registry=false");
  }

  private interface Starter {
    ConfigurableApplicationContext start(String... arguments);
  }

  private ConfigurableApplicationContext service(Starter starter, List<String> arguments) {
    ConfigurableApplicationContext context = keep(starter.start(arguments.toArray(String[]::new)));
    readiness.add(loopback(port(context)) + "/actuator/health/readiness");
    return context;
  }

  private <T extends AutoCloseable> T keep(T part) {
    synchronized (started) {
      if (!closed) {
        started.addFirst(part);
        return part;
      }
    }
    try {
      part.close();
    } catch (Exception e) {
      throw new IllegalStateException("stopped while starting", e);
    }
    throw new IllegalStateException("stopped while starting");
  }

  private static int port(ConfigurableApplicationContext context) {
    return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  private static String loopback(int port) {
    return "http://127.0.0.1:" + port;
  }

  private static List<String> with(List<String> some, List<String> more) {
    List<String> all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }
}
