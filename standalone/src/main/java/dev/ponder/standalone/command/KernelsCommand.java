package dev.ponder.standalone.command;

import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.MachineKernels;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.Machine;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ponder kernels}: what the engine runs here, and the machine code it writes. */
@Command(
    name = "kernels",
    description = "Says which kernels the engine uses here; can write its machine code to files.",
    mixinStandardHelpOptions = true)
final class KernelsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--dump",
      paramLabel = "FOLDER",
      description = {
        "Write every machine-code kernel to a file in this folder. To read one:",
        "objdump -D -b binary -m i386:x86-64 -M intel FILE"
      })
  @Nullable Path dump;

  @Option(
      names = "--set",
      paramLabel = "SET",
      description =
          "With --dump: write for this instruction set, which need not run here:"
              + " ${COMPLETION-CANDIDATES} (default: this processor's).")
  @Nullable InstructionSet set;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Kernels.of(null, out::println);
    if (dump != null) {
      for (Path file : MachineKernels.dump(set == null ? Machine.detect() : set, dump)) {
        out.printf("%6d bytes  %s%n", Files.size(file), file);
      }
    }
    return 0;
  }
}
