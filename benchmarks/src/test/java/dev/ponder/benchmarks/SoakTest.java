package dev.ponder.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoakTest {
  @TempDir Path folder;

  /** With a clock that moves a quarter of a second whenever it is read. */
  @Test
  void saysEachMinutesSpeedAndStepTimes() throws Exception {
    AtomicLong nanos = new AtomicLong();
    List<String> lines = new ArrayList<>();
    Path file = new RandomLlama().contextLength(512).writeTo(folder.resolve("m.gguf"));
    try (GgufFile gguf = GgufFile.open(file);
        LanguageModel model = LanguageModel.load(gguf, ModelOptions.defaults().withThreads(1))) {
      List<Soak.Minute> minutes =
          Soak.run(model, 3, () -> nanos.addAndGet(250_000_000), lines::add);
      assertThat(minutes).hasSize(3);
      for (Soak.Minute minute : minutes) {
        // Two readings a step; the readings around a sequence cost a little more.
        assertThat(minute.tokensPerSecond()).isBetween(1.9, 2.0);
        assertThat(minute.p50()).isEqualTo(250);
        assertThat(minute.p99()).isEqualTo(250);
        assertThat(minute.residentBytes()).isPositive();
      }
    }
    assertThat(lines).hasSize(4);
    assertThat(lines.getFirst()).isEqualTo(Soak.HEADER);
    assertThat(lines.get(3)).startsWith("     3 ").hasSameSizeAs(Soak.HEADER);
  }
}
