package dev.ponder.standalone.command;

import dev.ponder.standalone.Installation;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --data}, which every command takes. */
final class InstallationOption {
  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description = "The folder that holds all state (default: $PONDER_DATA, else ~/.ponder).")
  Path data = Installation.defaultData();

  Installation installation() {
    return new Installation(data);
  }
}
