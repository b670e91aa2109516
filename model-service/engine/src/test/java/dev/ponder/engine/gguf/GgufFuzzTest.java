package dev.ponder.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thousands of damaged headers: each either loads or is refused in words, within memory in
 * proportion to the file. The timeout only ends a hang.
 */
@Timeout(120)
class GgufFuzzTest {
  private static final long SEED = Long.getLong("test.seed", 20_251_123L);
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    0xFF,
    1L << 16,
    1L << 22,
    (1L << 31) - 1,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 31
  };

  private static final byte[] MODEL = new RandomLlama().layers(1).writer().toBytes();
  private static final byte[] SMALL =
      new GgufWriter()
          .put("general.architecture", "llama")
          .put("general.alignment", 32)
          .put("a", 1)
          .put("b", 2L)
          .put("c", 0.5f)
          .put("d", 0.25)
          .put("e", true)
          .put("f", new int[] {1, 2, 3})
          .put("g", new float[] {1, 2})
          .put("h", List.of("x", "yy", ""))
          .put("tokenizer.ggml.model", "gpt2")
          .put("tokenizer.ggml.pre", "smollm")
          .put("tokenizer.ggml.tokens", List.of("a", "b", "ab", "<s>"))
          .put("tokenizer.ggml.token_type", new int[] {1, 1, 1, 3})
          .put("tokenizer.ggml.merges", List.of("a b"))
          .put("tokenizer.ggml.bos_token_id", 3)
          .tensor("t", TensorType.F32, new byte[64], 4, 4)
          .tensor("u", TensorType.Q4_K, new byte[288], 256, 2)
          .toBytes();

  @TempDir Path folder;

  @Test
  void damagedSmallHeadersLoadOrAreRefused() {
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      refused += check(mutated(SMALL, SMALL.length, SEED + i), SEED + i) ? 0 : 1;
    }
    // The control: the mutations do damage, and do not only damage the magic number.
    assertThat(refused).isBetween(5_000, 19_900);
  }

  @Test
  void damagedModelHeadersLoadOrAreRefused() {
    int header = MODEL.length - 64 * 400; // most changes in the header, not in the weights
    int refused = 0;
    for (int i = 0; i < 2_000; i++) {
      refused += check(mutated(MODEL, header, SEED + i), SEED + i) ? 0 : 1;
    }
    assertThat(refused).isPositive();
  }

  @Test
  void damagedFilesLeaveNothingOpen() throws IOException {
    for (int i = 0; i < 300; i++) {
      Path path = Files.write(folder.resolve("fuzz"), mutated(SMALL, SMALL.length, SEED - i));
      try (GgufFile file = GgufFile.open(path)) {
        assertThat(file.fileSize()).isEqualTo(Files.size(path));
      } catch (EngineException e) {
        assertThat(e.kind()).isIn(Kind.MODEL_FILE_INVALID, Kind.UNSUPPORTED);
      }
    }
  }

  /** Returns whether the file loaded. */
  private static boolean check(byte[] file, long seed) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      GgufHeader header = GgufHeader.read(MemorySegment.ofArray(file).asReadOnly());
      Tokenizer tokenizer = Tokenizer.of(header.metadata());
      assertThat(tokenizer.encode("ab a<s>b1 é", true).length).isLessThanOrEqualTo(12);
      return true;
    } catch (EngineException e) {
      assertThat(e.kind()).as("seed %d", seed).isIn(Kind.MODEL_FILE_INVALID, Kind.UNSUPPORTED);
      assertThat(e.getMessage()).as("seed %d", seed).matches("(?s).+: .+ \\(expected: .+\\)");
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed " + seed, e);
    } finally {
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(allocated).as("bytes, seed %d", seed).isLessThan(4_000_000L + 100L * file.length);
    }
  }

  private static byte[] mutated(byte[] original, int upTo, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] file = original.clone();
    for (int changes = random.nextInt(1, 5); changes > 0; changes--) {
      int at = random.nextInt(Math.min(upTo, file.length - 8));
      ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      switch (random.nextInt(8)) {
        case 0, 1 -> file[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> file[at] = (byte) random.nextInt();
        case 3 -> buffer.putLong(at, EXTREMES[random.nextInt(EXTREMES.length)]);
        case 4 -> buffer.putInt(at, (int) EXTREMES[random.nextInt(EXTREMES.length)]);
        case 5 -> buffer.putInt(at, random.nextInt(14)); // another type
        case 6 -> file = spliced(file, at, random);
        default -> {
          if (random.nextInt(4) == 0) {
            file = Arrays.copyOf(file, Math.max(16, at));
          }
        }
      }
    }
    return file;
  }

  /** Moves, repeats or leaves out a part. */
  private static byte[] spliced(byte[] file, int at, SplittableRandom random) {
    int length = random.nextInt(1, 64);
    int from = random.nextInt(file.length - 8);
    byte[] part = Arrays.copyOfRange(file, from, Math.min(file.length, from + length));
    int skip = random.nextBoolean() ? part.length : random.nextInt(8);
    ByteBuffer out = ByteBuffer.allocate(file.length + part.length);
    out.put(file, 0, at).put(part);
    int rest = Math.min(file.length, at + skip);
    out.put(file, rest, file.length - rest);
    return Arrays.copyOf(out.array(), out.position());
  }
}
