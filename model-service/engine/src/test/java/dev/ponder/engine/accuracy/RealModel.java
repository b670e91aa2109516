package dev.ponder.engine.accuracy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/** Finds the default model's file for the tests tagged {@code real-model}. */
final class RealModel {
  private static final String NAME = "SmolLM2-135M-Instruct.Q4_1.gguf";

  private RealModel() {}

  /**
   * The file; an assertion error that says how to get it when there is none, since these tests must
   * not be skipped.
   */
  static Path file() {
    Path cached = Path.of(System.getProperty("user.home"), ".cache", "ponder", "models", NAME);
    Path file =
        Stream.of(System.getProperty("ponder.model.file"), System.getenv("PONDER_MODEL_FILE"))
            .filter(Objects::nonNull)
            .filter(path -> !path.isBlank())
            .findFirst()
            .map(Path::of)
            .orElse(cached);
    if (!Files.isRegularFile(file)) {
      throw new AssertionError(
          file
              + ": no such file (expected: the default model; get it with ./ponder pull, or name it in"
              + " PONDER_MODEL_FILE or -Dponder.model.file)");
    }
    return file;
  }
}
