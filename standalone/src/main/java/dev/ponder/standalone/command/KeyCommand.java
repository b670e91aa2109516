package dev.ponder.standalone.command;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code ponder key}: makes another API key on the running Ponder and shows it once. */
@Command(
    name = "key",
    description = "Makes another API key; it is shown once and stored only as a hash.",
    mixinStandardHelpOptions = true)
final class KeyCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Option(names = "--name", description = "What it is for (default: ${DEFAULT-VALUE}).")
  String name = "key";

  @Option(
      names = "--tenant",
      description = "Whose data and cache it opens (default: ${DEFAULT-VALUE}).")
  String tenant = "default";

  @Override
  public Integer call() throws Exception {
    try (ApiClient api = ApiClient.local(installationOption.installation())) {
      JsonNode made =
          api.post("/v1/admin/keys", Map.of("name", name, "tenant", tenant, "role", "user"));
      spec.commandLine().getOut().println(made.path("key").asString());
    }
    return 0;
  }
}
