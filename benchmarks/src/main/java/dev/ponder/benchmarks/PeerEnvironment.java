package dev.ponder.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A Python virtual environment with llama-cpp-python, made on request. Making it compiles llama.cpp
 * for this machine's processor, so that the comparison is with its best kernels.
 */
final class PeerEnvironment {
  static final String REQUIREMENT = "llama-cpp-python==0.3.36";

  private PeerEnvironment() {}

  /** Where {@code --make-peer} puts it, below the user's cache folder. */
  static Path defaultFolder() {
    return Path.of(System.getProperty("user.home"), ".cache", "ponder", "peer");
  }

  /**
   * The environment's interpreter; makes the environment first where it is missing or incomplete.
   *
   * @throws PeerException when Python, pip or the compiler fails
   */
  static Path make(Path folder, PrintWriter log) {
    Path python = folder.resolve("bin").resolve("python");
    Path complete = folder.resolve(REQUIREMENT + ".complete");
    if (Files.exists(complete)) {
      return python;
    }
    log.println(
        "peer: installing "
            + REQUIREMENT
            + " into "
            + folder
            + "; it compiles llama.cpp, about 4 minutes on two cores (needs python3 with venv, a C++"
            + " compiler and the network)");
    log.flush();
    run(List.of("python3", "-m", "venv", folder.toString()));
    run(List.of(python.toString(), "-m", "pip", "install", "--quiet", REQUIREMENT, "numpy"));
    try {
      // Only now: an interrupted installation is done again.
      Files.createFile(complete);
    } catch (IOException e) {
      throw new PeerException("peer: " + complete + " cannot be written", e);
    }
    return python;
  }

  private static void run(List<String> command) {
    try {
      int status = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (status != 0) {
        throw new PeerException(
            "peer: '" + String.join(" ", command) + "' ended with status " + status);
      }
    } catch (IOException e) {
      throw new PeerException("peer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PeerException("peer: installation interrupted", e);
    }
  }
}
