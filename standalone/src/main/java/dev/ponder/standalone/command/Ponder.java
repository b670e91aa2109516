package dev.ponder.standalone.command;

import dev.ponder.benchmarks.Bench;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line's root; {@code ./ponder} finds a JDK and calls it. */
@Command(
    name = "ponder",
    description = "Serves language models on this machine's CPU and lets them think longer.",
    mixinStandardHelpOptions = true,
    version = "ponder 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      UpCommand.class,
      StopCommand.class,
      StatusCommand.class,
      PullCommand.class,
      ModelsCommand.class,
      ChatCommand.class,
      KeyCommand.class,
      KernelsCommand.class,
      Bench.class,
    },
    footer = {
      "",
      "  ./ponder test    builds everything and runs the whole test suite",
      "",
      "Start with: ./ponder up"
    })
public final class Ponder {
  private Ponder() {}

  public static void main(String[] arguments) {
    CommandLine line =
        new CommandLine(new Ponder())
            .setUsageHelpAutoWidth(true)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler((failure, command, parsed) -> {
              command.getErr().println("ponder: " + reason(failure));
              return CommandLine.ExitCode.SOFTWARE;
            });
    int status = line.execute(arguments.length == 0 ? new String[] {"--help"} : arguments);
    System.exit(status);
  }

  private static String reason(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        return t.getMessage();
      }
    }
    return failure.getClass().getSimpleName();
  }
}
