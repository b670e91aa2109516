package dev.ponder.standalone.command;

import dev.ponder.engine.kernel.KvType;
import dev.ponder.standalone.Installation;
import dev.ponder.standalone.Platform;
import dev.ponder.standalone.Readiness;
import dev.ponder.standalone.RunningInstance;
import dev.ponder.standalone.embedded.Ports;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ponder up}: pulls the model if need be, starts everything, and stays until Ctrl-C. */
@Command(
    name = "up",
    description = "Starts Ponder: all services, with a PostgreSQL and a Redis of its own.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  private static final Duration READY_LIMIT = Duration.ofMinutes(5);

  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The port of the API and the web page (default: ${DEFAULT-VALUE}).")
  int port = 8080;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "The address to listen on (default: ${DEFAULT-VALUE}; 0.0.0.0 for every interface).")
  String host = "127.0.0.1";

  @Option(
      names = "--model",
      paramLabel = "ID",
      description = "The model to serve (default: ${DEFAULT-VALUE}); see `ponder models`.")
  String model = ModelFiles.DEFAULT_MODEL;

  @Option(names = "--no-auth", description = "Take requests without an API key: local play only.")
  boolean noAuth;

  @Option(names = "--detach", description = "Return once everything is up; `ponder stop` ends it.")
  boolean detach;

  @Option(
      names = "--kernels",
      paramLabel = "TIER",
      description =
          "Force a kernel tier: scalar, vector or machine (default: the fastest that works).")
  @Nullable String kernels;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the engine (default: one for each core).")
  @Nullable Integer threads;

  @Option(
      names = "--kv",
      paramLabel = "TYPE",
      description =
          "How keys and values are stored: f16, or int8 in half the memory (default: f16).")
  @Nullable String kv;

  @Option(
      names = "--cache-mb",
      paramLabel = "MB",
      description = "Memory of the prefix cache in Redis (default: ${DEFAULT-VALUE}).")
  int cacheMegabytes = 512;

  /** Set in the process that {@code --detach} starts: its parent shows the key, no log does. */
  @Option(names = "--detached", hidden = true)
  boolean detached;

  @Override
  public Integer call() throws Exception {
    validate();
    Installation installation = installationOption.installation();
    installation.prepare();
    PrintWriter out = spec.commandLine().getOut();
    Optional<RunningInstance.Address> already = RunningInstance.find(installation);
    if (already.isPresent()) {
      throw new IOException(
          "already running at "
              + already.get().url()
              + " (process "
              + already.get().pid()
              + ", data "
              + installation.data()
              + "); `ponder stop` ends it");
    }
    if (port != 0 && !Ports.available(new InetSocketAddress(host, port))) {
      throw new IOException(
          "--port: " + port + " (expected: a free port on " + host + "; something listens there)");
    }
    ModelFiles.ensure(model, installation.models(), out);
    return detach ? startDetached(installation, out) : run(installation, out);
  }

  private void validate() {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(
          spec.commandLine(), "--port: " + port + " (expected: 0 to 65535; 0 takes any free one)");
    }
    if (cacheMegabytes < 16 || cacheMegabytes > 1 << 20) {
      throw new ParameterException(
          spec.commandLine(), "--cache-mb: " + cacheMegabytes + " (expected: 16 to 1048576)");
    }
    if (threads != null && (threads < 1 || threads > 256)) {
      throw new ParameterException(
          spec.commandLine(), "--threads: " + threads + " (expected: 1 to 256)");
    }
    try {
      if (kv != null) {
        KvType.labelled(kv);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
    }
  }

  private int run(Installation installation, PrintWriter out) throws Exception {
    logTo(installation);
    Optional<RunningInstance> claim = RunningInstance.claim(installation);
    if (claim.isEmpty()) {
      throw new IOException(
          "another process is starting or stopping with data " + installation.data());
    }
    CountDownLatch stopped = new CountDownLatch(1);
    try (RunningInstance instance = claim.get()) {
      Platform platform =
          new Platform(
              installation,
              new Platform.Settings(
                  host, port, model, !noAuth, (long) cacheMegabytes << 20, modelArguments()),
              line -> step(out, line));
      Thread hook =
          new Thread(
              () -> {
                step(out, "stopping");
                platform.close();
                stopped.countDown();
              },
              "ponder-stop");
      Runtime.getRuntime().addShutdownHook(hook);
      int bound;
      try {
        bound = platform.start();
        new Readiness(READY_LIMIT).await(platform.readinessProbes(), model);
      } catch (IOException | RuntimeException e) {
        if (removed(hook)) {
          platform.close();
        }
        throw new IOException(e.getMessage() + "; see " + installation.log(), e);
      }
      String url = "http://" + (host.equals("0.0.0.0") ? "localhost" : host) + ":" + bound;
      instance.announce(url, !noAuth);
      if (!detached) {
        welcome(installation, url, out);
        out.println("Ctrl-C stops it.");
        out.flush();
      }
      stopped.await();
      return 0;
    }
  }

  /** Returns false when the JVM is going down already: then the hook does the work. */
  private static boolean removed(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Returns the arguments of the model service. */
  List<String> modelArguments() {
    List<String> arguments = new ArrayList<>();
    if (kernels != null) {
      arguments.add("--ponder.model.kernels=" + kernels);
    }
    if (threads != null) {
      arguments.add("--ponder.model.threads=" + threads);
    }
    if (kv != null) {
      arguments.add("--ponder.model.kv=" + kv);
    }
    return arguments;
  }

  private int startDetached(Installation installation, PrintWriter out) throws Exception {
    List<String> command = new ArrayList<>();
    ProcessHandle.Info self = ProcessHandle.current().info();
    command.add(self.command().orElse("java"));
    command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Ponder.class.getName()));
    for (String argument : spec.root().commandLine().getParseResult().originalArgs()) {
      command.add(argument.equals("--detach") ? "--detached" : argument);
    }
    command.addFirst("setsid"); // a hang-up of this terminal must not end it
    Path startLog = installation.logs().resolve("up.log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(startLog.toFile())
            .start();
    long deadline = System.nanoTime() + READY_LIMIT.plusSeconds(60).toNanos();
    step(out, "starting (log: " + installation.log() + ")");
    Optional<RunningInstance.Address> address = RunningInstance.find(installation);
    while (address.isEmpty()) {
      if (process.waitFor(200, TimeUnit.MILLISECONDS)) {
        throw new IOException("did not start:\n" + Files.readString(startLog).strip());
      }
      if (System.nanoTime() > deadline) {
        process.destroy();
        throw new IOException("did not start in time; see " + installation.log());
      }
      address = RunningInstance.find(installation);
    }
    welcome(installation, address.get().url(), out);
    out.println("`ponder stop` ends it.");
    return 0;
  }

  private void welcome(Installation installation, String url, PrintWriter out) throws IOException {
    out.println();
    out.println("Ponder is up: " + url + "  (playground in a browser, API under /v1)");
    String key = "$PONDER_API_KEY";
    if (!noAuth) {
      Optional<String> first = installation.firstKey();
      if (first.isPresent()) {
        key = first.get();
        out.println("API key, shown this once: " + key);
      } else {
        out.println("API key: as before (`ponder key` makes another)");
      }
    }
    out.println();
    out.println("Try:");
    out.println("  curl " + url + "/v1/chat/completions \\");
    if (!noAuth) {
      out.println("    -H \"Authorization: Bearer " + key + "\" \\");
    }
    out.println("    -H 'Content-Type: application/json' \\");
    out.println(
        "    -d '{\"model\":\""
            + model
            + "\",\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}]}'");
    out.println();
    out.flush();
    installation.forgetFirstKey();
  }

  /** Everything the services log goes to one file; the terminal is for the user. */
  private static void logTo(Installation installation) {
    System.setProperty("logging.file.name", installation.log().toString());
    System.setProperty("logging.threshold.console", "OFF");
    // The first context to start would give its name to the lines of all.
    System.setProperty("logging.include-application-name", "false");
  }

  private static void step(PrintWriter out, String line) {
    out.println("  " + line);
    out.flush();
  }
}
