package dev.ponder.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a figure depends on beside the workload.
 *
 * @param processor the processor's name
 * @param commit the code's revision
 * @param load runnable threads of the whole machine before the run, averaged over a minute;
 *     negative where the system does not tell
 */
public record Machine(String processor, String commit, double load) {

  public static Machine here() {
    return new Machine(
        field(Path.of("/proc/cpuinfo"), "model name", System.getProperty("os.arch", "unknown")),
        revision(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  /** What the processor can do, as Linux names it; empty where the system does not tell. */
  static Set<String> processorFlags() {
    String flags = field(Path.of("/proc/cpuinfo"), "flags", "");
    return Pattern.compile("\\s+").splitAsStream(flags).collect(Collectors.toUnmodifiableSet());
  }

  /** This process's peak resident memory in bytes; 0 where the system does not tell. */
  static long peakBytes() {
    return processBytes("VmHWM");
  }

  /** This process's resident memory in bytes now; 0 where the system does not tell. */
  static long residentBytes() {
    return processBytes("VmRSS");
  }

  private static long processBytes(String name) {
    String text = field(Path.of("/proc/self/status"), name, "0 kB");
    return Long.parseLong(text.substring(0, text.indexOf(' '))) * 1024;
  }

  /** The value of the first {@code name: value} line. */
  static String field(Path file, String name, String otherwise) {
    try {
      return Files.readAllLines(file, UTF_8).stream()
          .filter(line -> line.startsWith(name) && line.contains(":"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise;
    }
  }

  private static String revision() {
    String revision = git(List.of("git", "rev-parse", "--short", "HEAD"));
    if (revision.isEmpty()) {
      return "unknown";
    }
    return git(List.of("git", "status", "--porcelain")).isEmpty()
        ? revision
        : revision + " and changes";
  }

  private static String git(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      return process.waitFor() == 0 ? output : "";
    } catch (IOException e) {
      return ""; // no git here: a released archive
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
