package dev.ponder.standalone.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The checked-out tree, found from wherever the tests run. */
final class Repository {
  static final Path ROOT = root();

  /** Service, its Maven module's folder and its artifact. */
  static final Map<String, Module> SERVICES =
      Map.of(
          "gateway-service", new Module("gateway-service", "gateway-service", 8080),
          "strategy-service", new Module("strategy-service", "strategy-service", 8082),
          "model-service", new Module("model-service/server", "model-server", 8081),
          "cache-service", new Module("cache-service", "cache-service", 8083));

  record Module(String folder, String artifact, int port) {}

  private Repository() {}

  static String read(String path) {
    try {
      return Files.readString(ROOT.resolve(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> yamlFilesUnder(String path) {
    try (var files = Files.walk(ROOT.resolve(path))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve("docker-compose.yml"))) {
      at = at.getParent();
      if (at == null) {
        throw new IllegalStateException("docker-compose.yml: not found above the working folder");
      }
    }
    return at;
  }
}
