package dev.ponder.engine.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a pool costs before it is used. */
class KvPoolTest {
  private static final int PAGES = 4_000;
  private static final long MEGABYTE = 1L << 20;

  @Test
  void takesMemoryAsPagesAreWritten() throws IOException {
    assumeTrue(Machine.mapsMemory());
    long before = residentBytes();
    long all;
    try (KvPool pool = new KvPool(PAGES, 4, 4, 64, KvType.F16)) {
      all = pool.pageBytes() * PAGES;
      assertThat(all).isEqualTo(500 * MEGABYTE);
      assertThat(residentBytes() - before).as("made").isLessThan(all / 4);
      for (int i = 0; i < PAGES; i++) {
        pool.memory().asSlice(pool.keys(pool.allocate(), 0, 0), pool.pageBytes()).fill((byte) 1);
      }
      assertThat(residentBytes() - before).as("written").isGreaterThan(all / 4 * 3);
    }
    assertThat(residentBytes() - before).as("closed").isLessThan(all / 4);
  }

  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
    return Long.parseLong(pages) * 4096;
  }
}
