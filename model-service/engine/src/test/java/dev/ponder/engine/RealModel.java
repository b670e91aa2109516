package dev.ponder.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the default model file for tests tagged {@code real-model}. */
public final class RealModel {
  private static final String NAME = "SmolLM2-135M-Instruct.Q4_1.gguf";

  private RealModel() {}

  /** Returns the file, or fails with how to get it. */
  public static Path file() {
    Path path = configured();
    if (!Files.isRegularFile(path)) {
      throw new AssertionError(
          "model file: "
              + path
              + " is missing (expected: "
              + NAME
              + "; ./ponder pull fetches it, -Dponder.model.file or PONDER_MODEL_FILE names another"
              + " place, -Dponder.tests.excludedGroups=real-model leaves these tests out)");
    }
    return path;
  }

  private static Path configured() {
    @Nullable String place = System.getProperty("ponder.model.file");
    if (place == null) {
      place = System.getenv("PONDER_MODEL_FILE");
    }
    return place != null
        ? Path.of(place)
        : Path.of(System.getProperty("user.home"), ".cache", "ponder", "models", NAME);
  }
}
