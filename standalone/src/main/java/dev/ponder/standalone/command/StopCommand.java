package dev.ponder.standalone.command;

import dev.ponder.standalone.Installation;
import dev.ponder.standalone.RunningInstance;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ponder stop}: ends a running Ponder and returns when its processes are gone. */
@Command(name = "stop", description = "Stops a running Ponder.", mixinStandardHelpOptions = true)
final class StopCommand implements Callable<Integer> {
  private static final long LIMIT_SECONDS = 60;

  @Spec CommandSpec spec;
  @Mixin InstallationOption installationOption;

  @Override
  public Integer call() throws Exception {
    Installation installation = installationOption.installation();
    Optional<RunningInstance.Address> running = RunningInstance.find(installation);
    if (running.isEmpty()) {
      spec.commandLine()
          .getOut()
          .println("Ponder is not running (data " + installation.data() + ").");
      return 0;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(running.get().pid());
    if (process.isPresent()) {
      process.get().destroy();
      try {
        process.get().onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        process.get().destroyForcibly();
        spec.commandLine()
            .getErr()
            .println("ponder: it did not stop in " + LIMIT_SECONDS + " s and was killed");
      }
    }
    spec.commandLine().getOut().println("Ponder has stopped.");
    return 0;
  }
}
