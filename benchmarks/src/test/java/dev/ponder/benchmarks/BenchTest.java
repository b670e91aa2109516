package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole command on a tiny random model. */
class BenchTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-04T12:00:00Z"), ZoneOffset.UTC);

  @TempDir private static Path folder;
  private static Path model;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void writeModel() throws IOException {
    model = new RandomLlama().contextLength(2048).writeTo(folder.resolve("tiny.gguf"));
  }

  /** The tier that {@code auto} stands for here. */
  private static String best() {
    return Arrays.stream(InstructionSet.values()).anyMatch(Machine::runs) ? "machine" : "vector";
  }

  @Test
  void measuresEveryWorkloadWithoutAPeer() throws IOException {
    Path json = folder.resolve("out.json");
    Path markdown = folder.resolve("out.md");

    int status =
        bench(
            "--model",
            model.toString(),
            "--reps",
            "1",
            "--threads",
            "1",
            "--activations",
            "8,16",
            "--tier",
            "auto," + best(),
            "--out",
            json.toString(),
            "--markdown",
            markdown.toString());

    assertThat(status).as(err.toString()).isZero();
    JsonNode root = JsonMapper.shared().readTree(Files.readString(json));
    assertThat(root.path("date").asString()).isEqualTo("2026-03-04");
    // "auto" chooses the best tier, which then is not measured twice.
    assertThat(root.path("results").size()).isEqualTo(2);
    for (JsonNode contestant : root.path("results")) {
      for (Workload workload : Workload.values()) {
        JsonNode result = contestant.path(workload.label());
        assertThat(result.path("readings").size()).as(workload.label()).isOne();
        assertThat(result.path("median").asDouble()).as(workload.label()).isPositive();
        assertThat(result.path("forwardPasses").asInt())
            .as(workload.label())
            .isEqualTo(passes(workload));
      }
    }
    assertThat(root.path("ratios").size()).isZero();
    assertThat(out.toString()).contains("no peer", "ttft_cold1000", "Memory read limit, 1 thread");
    assertThat(Files.readString(markdown))
        .startsWith("## 2026-03-04, tiny.gguf")
        .contains(
            "./ponder bench --model tiny.gguf --reps 1 --threads 1 --activations 8,16 --tier auto,")
        .contains("| samples32 | tokens/s |")
        .doesNotContain(folder.toString());
  }

  /** Heads of 16: 32 bytes, or 16 and a half-float scale. Nothing else of the work changes. */
  @Test
  void bytesOfKeysAndValuesMoveAsPredicted() throws IOException {
    Path json = folder.resolve("kv.json");

    int status =
        bench(
            "--model",
            model.toString(),
            "--reps",
            "1",
            "--only",
            "decode_ctx512,samples4",
            "--kv",
            "f16,int8",
            "--no-limits",
            "--out",
            json.toString());

    assertThat(status).as(err.toString()).isZero();
    JsonNode results = JsonMapper.shared().readTree(Files.readString(json)).path("results");
    assertThat(results.size()).isEqualTo(2);
    JsonNode halves = results.valueStream().toList().getFirst();
    JsonNode bytes = results.valueStream().toList().getLast();
    assertThat(results.propertyStream().toList().getLast().getKey()).contains("int8 KV");
    for (String workload : new String[] {"decode_ctx512", "samples4"}) {
      JsonNode before = halves.path(workload);
      JsonNode after = bytes.path(workload);
      assertThat(before.path("kvBytes").asLong()).as(workload).isPositive();
      assertThat(after.path("kvBytes").asLong() * 32)
          .as(workload)
          .isEqualTo(before.path("kvBytes").asLong() * 18);
      assertThat(after.path("weightBytes").asLong())
          .as(workload)
          .isEqualTo(before.path("weightBytes").asLong());
    }
  }

  /** A step of all sequences is one pass over the weights; a prompt is cut into chunks of 512. */
  private static int passes(Workload workload) {
    return workload.isPrefill() ? (workload.prompt() + 511) / 512 : workload.steps();
  }

  @Test
  void goesOnWithoutAPeerThatCannotRun() {
    Path python = folder.resolve("no-python");

    int status =
        bench(
            "--model",
            model.toString(),
            "--reps",
            "1",
            "--only",
            "decode",
            "--peer",
            python.toString(),
            "--no-limits");

    assertThat(status).isZero();
    assertThat(err.toString())
        .contains("peer: " + python + " cannot be started")
        .contains("going on without a peer");
    assertThat(out.toString()).contains("decode");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --only=samples5       | --only: samples5 (expected: some of
          --tier=gpu            | --tier: gpu (expected: auto, scalar, vector or machine)
          --activations=4       | --activations: 4 (expected: 8 or 16)
          --kv=f16,int4         | --kv: int4 (expected: f16 or int8)
          --random-shape=7b     | --random-shape: 7b (expected: 135m or 1b)
          --type=q9             | --type: q9 (expected: a GGUF type such as q8_0)
          --reps=0              | --reps: 0 (expected: 1 to 1000)
          --threads=-1          | --threads: -1 (expected: 1 to 256)
          --reps=many           | Invalid value for option '--reps'
          --flash=1             | Unknown option: '--flash=1'
          """)
  void refusesBadOptions(String option, String message) {
    assertThat(bench("--model", model.toString(), option)).isEqualTo(2);
    assertThat(err.toString()).contains(message);
  }

  @Test
  void namesAMissingModel() {
    Path missing = folder.resolve("missing.gguf");

    assertThat(bench("--model", missing.toString())).isOne();
    assertThat(err.toString()).startsWith(missing + ": no such file (expected:");
  }

  @Test
  void refusesAFileThatIsNoModel() throws IOException {
    Path text = Files.writeString(folder.resolve("text.gguf"), "hello");

    assertThat(bench("--model", text.toString())).isOne();
    assertThat(err.toString()).startsWith(text.toString());
  }

  private int bench(String... arguments) {
    return new CommandLine(new Bench(CLOCK))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
