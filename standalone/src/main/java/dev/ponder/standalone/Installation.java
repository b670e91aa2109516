package dev.ponder.standalone;

import dev.ponder.standalone.embedded.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * The one folder that holds all state of an installation: models, databases, logs, secrets.
 * Deleting it is a factory reset.
 *
 * <p>Not thread-safe; one process at a time uses a folder, see {@link RunningInstance}.
 */
public final class Installation {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path data;

  public Installation(Path data) {
    this.data = data.toAbsolutePath().normalize();
  }

  /** Returns {@code ~/.ponder}, or what {@code PONDER_DATA} names. */
  public static Path defaultData() {
    String chosen = System.getenv("PONDER_DATA");
    return chosen == null || chosen.isBlank()
        ? Path.of(System.getProperty("user.home"), ".ponder")
        : Path.of(chosen);
  }

  public Path data() {
    return data;
  }

  public Path models() {
    return data.resolve("models");
  }

  public Path runtime() {
    return data.resolve("runtime");
  }

  public Path postgres() {
    return data.resolve("postgres");
  }

  public Path redis() {
    return data.resolve("redis");
  }

  public Path log() {
    return logs().resolve("ponder.log");
  }

  public Path logs() {
    return data.resolve("logs");
  }

  Path runFile() {
    return data.resolve("running.properties");
  }

  Path lockFile() {
    return data.resolve("lock");
  }

  /** Makes the folders. */
  public void prepare() throws IOException {
    for (Path folder : new Path[] {models(), runtime(), redis(), logs(), secrets()}) {
      Files.createDirectories(folder);
    }
  }

  /** Returns a secret that is made up at the first call and stays the same from then on. */
  public String secret(String name) throws IOException {
    Path file = secrets().resolve(name);
    if (!Files.exists(file)) {
      PrivateFiles.write(file, randomText());
    }
    return Files.readString(file).strip();
  }

  /**
   * Returns an API key that is made up at the first call and kept. {@code cli} is what the command
   * line itself uses; {@code first} is shown once and then {@linkplain #forgetFirstKey forgotten}.
   */
  public String apiKey(String name) throws IOException {
    Path file = secrets().resolve(name + "-key");
    if (!Files.exists(file)) {
      PrivateFiles.write(file, "sk-ponder-" + randomText());
    }
    return Files.readString(file).strip();
  }

  /** Returns the first API key until it has been shown. */
  public Optional<String> firstKey() throws IOException {
    return Files.exists(secrets().resolve("first-key.shown"))
        ? Optional.empty()
        : Optional.of(apiKey("first"));
  }

  /** Forgets the first key: from now on only its hash is known, in the database. */
  public void forgetFirstKey() throws IOException {
    Files.writeString(secrets().resolve("first-key.shown"), "");
    Files.deleteIfExists(secrets().resolve("first-key"));
  }

  private Path secrets() {
    return data.resolve("secrets");
  }

  private static String randomText() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
