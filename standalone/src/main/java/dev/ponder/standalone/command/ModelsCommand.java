package dev.ponder.standalone.command;

import dev.ponder.model.catalog.CatalogModel;
import dev.ponder.model.catalog.ModelCatalog;
import dev.ponder.standalone.Installation;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ponder models}: the catalogue and the files on this machine. */
@Command(
    name = "models",
    description = "Lists the models that can be pulled and those that are here.",
    mixinStandardHelpOptions = true)
final class ModelsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Installation installation = installationOption.installation();
    installation.prepare();
    TreeSet<String> here = new TreeSet<>();
    try (Stream<Path> files = Files.list(installation.models())) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".gguf"))
          .forEach(name -> here.add(name.substring(0, name.length() - ".gguf".length())));
    }
    for (CatalogModel model : ModelCatalog.builtIn().models()) {
      out.printf(
          "%-28s %6d MB  %s%n",
          model.id(), model.sizeBytes() / 1_000_000, state(model, here.remove(model.id())));
    }
    for (String id : here) {
      long bytes = Files.size(installation.models().resolve(id + ".gguf"));
      out.printf("%-28s %6d MB  here (a file of yours)%n", id, bytes / 1_000_000);
    }
    return 0;
  }

  private static String state(CatalogModel model, boolean here) {
    if (!model.supported()) {
      return "known, but its architecture (" + model.architecture() + ") cannot be run yet";
    }
    return here ? "here" : "ponder pull " + model.id();
  }
}
