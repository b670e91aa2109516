package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocol, spoken by small shell scripts; llama.cpp itself is not part of the build. */
class PeerProcessTest {
  @TempDir private Path folder;

  @Test
  void sendsTheWorkloadAndReadsTheSeconds() throws IOException {
    try (PeerProcess peer =
        start(
            """
            echo '{"llama_cpp": "0.3.36", "vocabulary": 49152}'
            read line && echo "$line" > "$1" && echo '{"seconds": 0.25, "peakBytes": 1024}'
            read line && echo "$line" >> "$1" && echo '{"seconds": 4}'
            """)) {
      assertThat(peer.version()).isEqualTo("0.3.36");
      assertThat(peer.run(1, Workload.PREFILL512)).isEqualTo(0.25);
      assertThat(peer.peakBytes()).isEqualTo(1024);
      assertThat(new PeerContestant(peer, 0).run(Workload.SAMPLES16).seconds()).isEqualTo(4);
    }
    assertThat(folder.resolve("requests")).hasContent("1 prefill 512\n0 decode 64 16 256");
  }

  @Test
  void anErrorItReportsIsPassedOn() throws IOException {
    try (PeerProcess peer =
        start("echo '{}'; read line; echo '{\"error\": \"llama_decode: status 1\"}'; read line")) {
      assertThatThrownBy(() -> peer.run(0, Workload.DECODE))
          .isInstanceOf(PeerException.class)
          .hasMessage("peer: llama_decode: status 1");
    }
  }

  @Test
  void aPeerThatEndsIsReportedWithItsLastWords() {
    assertThatThrownBy(
            () -> start("echo Traceback >&2; echo \"No module named 'llama_cpp'\" >&2; exit 1"))
        .isInstanceOf(PeerException.class)
        .hasMessage("peer: stopped (No module named 'llama_cpp')");
  }

  @Test
  void aPeerThatIsKilledIsReportedWithTheSignal() {
    assertThatThrownBy(() -> start("echo loading >&2; kill -SEGV $$"))
        .isInstanceOf(PeerException.class)
        .hasMessage("peer: stopped (by signal 11)");
  }

  @Test
  void amxIsLeftOutOfThePeerWhereThereIsAny() {
    assertThat(PeerEnvironment.buildSettings(Set.of("avx512f", "amx_int8", "amx_tile")))
        .containsOnlyKeys("CMAKE_ARGS")
        .hasValueSatisfying(
            new Condition<>(
                arguments ->
                    arguments.contains("-DCMAKE_C_FLAGS='-mno-amx-tile ")
                        && arguments.contains("-DCMAKE_CXX_FLAGS='-mno-amx-tile "),
                "arguments for both compilers"));
    assertThat(PeerEnvironment.buildSettings(Set.of("avx512f", "avx512_vnni"))).isEmpty();
  }

  @Test
  void aMissingInterpreterIsReported() {
    Path python = folder.resolve("python");
    assertThatThrownBy(() -> PeerProcess.start(python, folder.resolve("model.gguf"), 2))
        .isInstanceOf(PeerException.class)
        .hasMessageStartingWith("peer: " + python + " cannot be started");
  }

  @Test
  void nonsenseIsNoAnswer() {
    for (String line : List.of("", "null", "[1]", "3", "{\"seconds\": 1", "ggml_init: hello")) {
      assertThatThrownBy(() -> PeerProcess.parse(line))
          .as(line)
          .isInstanceOf(PeerException.class)
          .hasMessage("peer: answered '" + line + "' (expected: a JSON object)");
    }
  }

  @Test
  void secondsMustBePositive() throws IOException {
    for (String answer : List.of("{\"seconds\": 0}", "{\"seconds\": -1}", "{}")) {
      try (PeerProcess peer = start("echo '{}'; read line; echo '" + answer + "'; read line")) {
        assertThatThrownBy(() -> peer.run(1, Workload.DECODE))
            .as(answer)
            .isInstanceOf(PeerException.class)
            .hasMessageContaining("(expected: above 0)");
      }
    }
  }

  @Test
  void closingEndsTheProcess() throws IOException {
    PeerProcess peer = start("echo '{}'; read line");
    peer.close();
    assertThatThrownBy(() -> peer.run(1, Workload.DECODE)).isInstanceOf(PeerException.class);
  }

  @Test
  void aPeerThatHangsIsEnded() {
    assertThatThrownBy(() -> start("exec sleep 600", Duration.ofMillis(50)))
        .isInstanceOf(PeerException.class)
        .hasMessage("peer: no answer (expected: within PT0.05S)");
  }

  private PeerProcess start(String script) throws IOException {
    return start(script, Duration.ofMinutes(1));
  }

  private PeerProcess start(String script, Duration limit) throws IOException {
    return PeerProcess.start(
        List.of("sh", "-c", script, "peer", folder.resolve("requests").toString()), limit);
  }
}
