package dev.ponder.standalone.command;

import dev.ponder.model.catalog.CatalogModel;
import dev.ponder.model.catalog.ModelCatalog;
import dev.ponder.model.catalog.ModelPuller;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The files of models on this machine. */
final class ModelFiles {
  static final String DEFAULT_MODEL = ModelCatalog.DEFAULT_MODEL;

  private ModelFiles() {}

  /** Pulls the model unless its file is there. */
  static void ensure(String id, Path models, PrintWriter out)
      throws IOException, InterruptedException {
    if (!id.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
      throw new IOException(
          "--model: "
              + id
              + " (expected: an id such as "
              + DEFAULT_MODEL
              + "; see `ponder models`)");
    }
    if (Files.isRegularFile(models.resolve(id + ".gguf"))) {
      return;
    }
    ModelCatalog catalog = ModelCatalog.builtIn();
    Optional<CatalogModel> known = catalog.find(id);
    if (known.isEmpty()) {
      throw new IOException(
          "--model: "
              + id
              + " (expected: one of the catalogue, see `ponder models`, or a file "
              + models.resolve(id + ".gguf")
              + ")");
    }
    new ModelPuller(catalog).pull(id, models, new TerminalProgress(out));
  }
}
