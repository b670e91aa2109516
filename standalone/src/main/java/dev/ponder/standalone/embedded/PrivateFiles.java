package dev.ponder.standalone.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Files that only the owner may read. */
public final class PrivateFiles {
  private PrivateFiles() {}

  /** Writes the file whole or not at all, readable by its owner alone from the first byte on. */
  public static void write(Path file, String text) throws IOException {
    Path partial =
        Files.createTempFile(
            file.getParent(),
            file.getFileName().toString(),
            ".partial",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(partial, text);
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
