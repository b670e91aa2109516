package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights that were laid out anew are not kept in memory a second time. */
class ReleaseTest {
  private static final Path MAPS = Path.of("/proc/self/smaps");
  private static final int ROWS = 1024;
  private static final int COLS = 1024;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = KernelTier.class,
      names = {"VECTOR", "MACHINE"})
  void theFileIsNotResidentAfterwards(KernelTier tier) throws IOException {
    assumeTrue(Files.isReadable(MAPS), "needs Linux");
    Kernels kernels = Kernels.of(tier, line -> {});
    assumeTrue(kernels.tier() == tier);
    byte[] weights =
        RandomBlocks.of(TensorType.Q8_0, (long) ROWS * COLS, 0.1, new SplittableRandom(7));
    Path file = Files.write(folder.resolve("weights"), weights);
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment mapped =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, weights.length, arena).asReadOnly();
      WeightFormat format = WeightFormat.of(TensorType.Q8_0);
      Matrix matrix = kernels.matrix("test", format, mapped, ROWS, COLS, null, arena);
      assertThat(matrix.bytes()).isGreaterThan(0);
      assertThat(resident(file)).isLessThan(weights.length / 8);
      // and it can be read again: the first byte of every page
      int sum = 0;
      for (int at = 0; at < weights.length; at += 4096) {
        assertThat(mapped.get(ValueLayout.JAVA_BYTE, at)).isEqualTo(weights[at]);
        sum += weights[at];
      }
      assertThat(resident(file)).as("control, %d", sum).isGreaterThan(weights.length / 2);
    }
  }

  /** Returns how many bytes of a mapped file are in this process's memory. */
  private static long resident(Path file) throws IOException {
    List<String> lines = Files.readAllLines(MAPS);
    String name = file.toRealPath().toString();
    long bytes = 0;
    boolean ours = false;
    for (String line : lines) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        ours = line.endsWith(name);
      } else if (ours && line.startsWith("Rss:")) {
        bytes += Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return bytes;
  }
}
