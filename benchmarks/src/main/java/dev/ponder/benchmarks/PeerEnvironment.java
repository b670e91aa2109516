package dev.ponder.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A Python virtual environment with llama-cpp-python, made on request. Making it compiles llama.cpp
 * for this machine's processor, so that the comparison is with its best kernels; only those for AMX
 * are left out, which in this version end the process (SIGSEGV at LDTILECFG).
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
    Map<String, String> build = buildSettings(Machine.processorFlags());
    if (!build.isEmpty()) {
      log.println("peer: without its kernels for AMX, which crash");
      log.flush();
    }
    run(List.of("python3", "-m", "venv", folder.toString()), Map.of());
    run(
        List.of(
            python.toString(),
            "-m",
            "pip",
            "install",
            "--quiet",
            // One that was built before may have been built otherwise.
            "--no-cache-dir",
            "--force-reinstall",
            REQUIREMENT,
            "numpy"),
        build);
    try {
      // Only now: an interrupted installation is done again.
      Files.createFile(complete);
    } catch (IOException e) {
      throw new PeerException("peer: " + complete + " cannot be written", e);
    }
    return python;
  }

  /**
   * What the compilation has to be told.
   *
   * @param flags the processor's features, as Linux names them
   */
  static Map<String, String> buildSettings(Set<String> flags) {
    if (!flags.contains("amx_int8")) {
      return Map.of();
    }
    String without = "'-mno-amx-tile -mno-amx-int8 -mno-amx-bf16'";
    return Map.of("CMAKE_ARGS", "-DCMAKE_C_FLAGS=" + without + " -DCMAKE_CXX_FLAGS=" + without);
  }

  private static void run(List<String> command, Map<String, String> settings) {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().putAll(settings);
    try {
      int status = builder.start().waitFor();
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
