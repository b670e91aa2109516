package dev.ponder.standalone.command;

import dev.ponder.standalone.Installation;
import dev.ponder.standalone.RunningInstance;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/**
 * {@code ponder status}: whether it runs, where, and what it serves; exit status 3 when it does
 * not.
 */
@Command(
    name = "status",
    description =
        "Says whether Ponder runs, and what it serves (exit status 3 when it does not run).",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  private static final int NOT_RUNNING = 3;

  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Installation installation = installationOption.installation();
    Optional<RunningInstance.Address> running = RunningInstance.find(installation);
    if (running.isEmpty()) {
      out.println(
          RunningInstance.isHeld(installation)
              ? "Ponder is starting or stopping."
              : "Ponder is not running.");
      return NOT_RUNNING;
    }
    RunningInstance.Address address = running.get();
    out.println("Ponder runs at " + address.url() + " (process " + address.pid() + ")");
    out.println("  data    " + installation.data());
    try (ApiClient api = ApiClient.local(installation, address)) {
      out.println(
          "  health  " + api.get("/actuator/health/readiness").path("status").asString("?"));
      for (JsonNode model : api.get("/v1/models").path("data")) {
        out.println("  serves  " + model.path("id").asString());
      }
    }
    return 0;
  }
}
