package dev.ponder.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class UpCommandTest {
  private final UpCommand command = new UpCommand();
  private final StringWriter err = new StringWriter();
  private final CommandLine line = new CommandLine(command).setErr(new PrintWriter(err, true));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --kv=int4      | --kv: int4 (expected: f16 or int8)
          --port=-1      | --port: -1 (expected: 0 to 65535; 0 takes any free one)
          --cache-mb=1   | --cache-mb: 1 (expected: 16 to 1048576)
          --threads=0    | --threads: 0 (expected: 1 to 256)
          --threads=257  | --threads: 257 (expected: 1 to 256)
          """)
  void refusesBadOptionsBeforeAnythingStarts(String option, String message) {
    assertThat(line.execute(option)).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(err.toString()).startsWith(message);
  }

  @Test
  void tellsTheModelServiceWhatWasAskedForAndNothingElse() {
    line.parseArgs();
    assertThat(command.modelArguments()).isEmpty();
    line.parseArgs("--kernels", "vector", "--threads", "2", "--kv", "int8");
    assertThat(command.modelArguments())
        .containsExactly(
            "--ponder.model.kernels=vector", "--ponder.model.threads=2", "--ponder.model.kv=int8");
  }
}
