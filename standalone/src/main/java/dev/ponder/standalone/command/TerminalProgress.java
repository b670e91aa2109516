package dev.ponder.standalone.command;

import dev.ponder.model.catalog.ProgressListener;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;

/** A progress bar: redrawn in place on a terminal, a line per tenth elsewhere. Not thread-safe. */
final class TerminalProgress implements ProgressListener {
  private static final int WIDTH = 30;
  private static final double MEGABYTE = 1e6;

  private final PrintWriter out;
  private final boolean terminal =
      Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  private int lastShown = -1;

  TerminalProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void stage(String what) {
    endLine();
    out.println("  " + what);
    out.flush();
  }

  @Override
  public void bytes(long done, long total) {
    if (total <= 0) {
      return;
    }
    int percent = (int) Math.min(100, done * 100 / total);
    int step = terminal ? percent : percent / 10 * 10;
    if (step == lastShown) {
      return;
    }
    lastShown = step;
    int filled = percent * WIDTH / 100;
    String bar =
        String.format(
            Locale.ROOT,
            "  [%s%s] %3d%%  %.0f of %.0f MB",
            "#".repeat(filled),
            ".".repeat(WIDTH - filled),
            percent,
            done / MEGABYTE,
            total / MEGABYTE);
    out.print(terminal ? "\r" + bar : bar + System.lineSeparator());
    out.flush();
    if (percent == 100) {
      endLine();
    }
  }

  @Override
  public void sourceFailed(String source, String why) {
    endLine();
    out.println("  " + source + ": " + why);
    out.flush();
  }

  private void endLine() {
    if (terminal && lastShown >= 0) {
      out.println();
    }
    lastShown = -1;
  }
}
