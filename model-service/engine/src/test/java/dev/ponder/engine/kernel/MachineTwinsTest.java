package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.machine.InstructionSet;
import dev.ponder.engine.machine.Machine;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Machine code gives the bits of the scalar definition, in every instruction set it has. */
class MachineTwinsTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);

  private static Kernels kernels(InstructionSet set) {
    assumeTrue(Machine.runs(set), () -> "this processor has no " + set);
    return new MachineKernels(set, new VectorKernels());
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void productsAreEqual(TensorType type) {
    assertThat(Twins.matrices(kernels(InstructionSet.AVX512_VNNI), type, SEED)).isNull();
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void productsAreEqualIn256Bits(TensorType type) {
    assertThat(Twins.matrices(kernels(InstructionSet.AVX_VNNI), type, SEED)).isNull();
  }

  @ParameterizedTest
  @EnumSource(InstructionSet.class)
  void functionsAndAttentionAreEqual(InstructionSet set) {
    assertThat(Twins.functions(kernels(set), SEED)).isNull();
    assertThat(Twins.attention(kernels(set), SEED)).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 48, 64, 128, 256})
  void attentionOnStoredPagesIsEqual(int size) {
    Kernels machine = kernels(InstructionSet.AVX512_VNNI);
    assertThat(machine.attendsStored(size, KvType.F16)).isTrue();
    for (KvType type : KvType.values()) {
      assertThat(Twins.storedAttention(machine, size, type, SEED)).isNull();
    }
  }

  /** The comparison can fail: one bit of one stored value is another result. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void aStoredBitIsNoticed(KvType type) {
    Kernels machine = kernels(InstructionSet.AVX512_VNNI);
    SplittableRandom random = new SplittableRandom(SEED);
    StoredAttention stored = new StoredAttention(64, 2, 3, type, random);
    stored.flip = true;
    stored.attend(machine, stored.queries(Twins.Input.ORDINARY), new int[] {40});
    assertThat(Twins.compare("flipped", stored.expected(0, 1), stored.actual(machine, 0, 1)))
        .isNotNull();
  }

  /** The comparison can fail: pieces joined in the other order are another result. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void piecesInAnotherOrderAreNoticed(KvType type) {
    assertThat(Twins.descending(kernels(InstructionSet.AVX512_VNNI), type, SEED)).isNotNull();
  }

  /** Extents that do not fit are refused, whatever they are. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void pagesOutsideOfTheirMemoryAreRefused(KvType type) {
    Kernels machine = kernels(InstructionSet.AVX512_VNNI);
    SplittableRandom random = new SplittableRandom(SEED);
    Scratch scratch = machine.scratch(64);
    AttentionState[] states = {new AttentionState(64)};
    long page = 32L * type.tokenBytes(64);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate(3 * page, 64);
      int refused = 0;
      for (int i = 0; i < 10_000; i++) {
        int tokens = random.nextInt(-2, 300);
        long key = random.nextBoolean() ? random.nextLong(-page, 4 * page) : random.nextLong();
        long value = random.nextBoolean() ? page : random.nextLong(-page, 4 * page);
        boolean even = ((key | value) & 1) == 0;
        boolean fits =
            even
                && tokens >= 1
                && tokens <= 32
                && key >= 0
                && key <= 2 * page
                && value >= 0
                && value <= 2 * page;
        try {
          long[] keys = {key, 0, 0, 0, 0, 0, 0, -1};
          long[] values = {value, -1, 0, 0, 0, 0, 0, 0};
          machine.attendStored(
              new float[1][64],
              0,
              1,
              0,
              1,
              1f,
              type,
              pages,
              keys,
              values,
              new int[] {tokens},
              states,
              0,
              scratch);
          assertThat(fits).as("tokens %d, pages at %d and %d", tokens, key, value).isTrue();
        } catch (IllegalArgumentException e) {
          assertThat(fits).as("tokens %d, pages at %d and %d", tokens, key, value).isFalse();
          refused++;
        }
      }
      assertThat(refused).isBetween(1_000, 9_990);
    }
  }

  /** More rows and outputs than one call takes, so that calls meet at every kind of edge. */
  @ParameterizedTest
  @EnumSource(InstructionSet.class)
  void manyCallsGiveWhatOneWould(InstructionSet set) {
    Kernels machine = kernels(set);
    SplittableRandom random = new SplittableRandom(SEED);
    int outputs = 1_555;
    int cols = 576;
    byte[] data = RandomBlocks.of(TensorType.Q4_1, (long) outputs * cols, 0.1, random);
    for (int rows : new int[] {1, 3, 33, 93}) {
      float[][] x = new float[rows][];
      for (int row = 0; row < rows; row++) {
        x[row] = Twins.Input.ORDINARY.row(cols, random);
      }
      for (ActivationPrecision precision : ActivationPrecision.values()) {
        boolean biased = rows == 3;
        float[][] expected =
            Twins.multiply(
                Twins.SCALAR, TensorType.Q4_1, data, outputs, cols, x, precision, biased, true);
        float[][] actual =
            Twins.multiply(
                machine, TensorType.Q4_1, data, outputs, cols, x, precision, biased, true);
        for (int row = 0; row < rows; row++) {
          assertThat(Twins.compare("row " + row + " of " + rows, expected[row], actual[row]))
              .isNull();
        }
      }
    }
  }

  /** The comparison can fail: the same blocks in another order are another result. */
  @ParameterizedTest
  @EnumSource(InstructionSet.class)
  void anotherOrderIsNoticed(InstructionSet set) {
    Kernels machine = kernels(set);
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] data = RandomBlocks.of(TensorType.Q8_0, 48L * 128, 0.1, random);
    float[] x = Twins.Input.ORDINARY.row(128, random);
    float[] straight = product(machine, data, x);
    int block = TensorType.Q8_0.blockBytes();
    byte[] reversed = new byte[data.length];
    float[] xReversed = new float[128];
    for (int b = 0; b < data.length / block; b++) {
      System.arraycopy(data, b * block, reversed, (b / 4 * 4 + 3 - b % 4) * block, block);
    }
    for (int b = 0; b < 4; b++) {
      System.arraycopy(x, b * 32, xReversed, (3 - b) * 32, 32);
    }
    float[] backward = product(machine, reversed, xReversed);
    assertThat(Twins.compare("reversed", straight, backward)).isNotNull();
    for (int i = 0; i < straight.length; i++) {
      assertThat(backward[i]).isCloseTo(straight[i], org.assertj.core.data.Offset.offset(1e-3f));
    }
  }

  private static float[] product(Kernels kernels, byte[] data, float[] x) {
    return Twins.multiply(
        kernels,
        TensorType.Q8_0,
        data,
        48,
        128,
        new float[][] {x},
        ActivationPrecision.BITS16,
        false,
        false)[0];
  }

  @Test
  void dumpsTheCodeOfEveryFormat(@TempDir Path folder) throws IOException {
    InstructionSet set =
        Machine.runs(InstructionSet.AVX512_VNNI)
            ? InstructionSet.AVX512_VNNI
            : InstructionSet.AVX_VNNI;
    assumeTrue(Machine.runs(set));
    assertThat(MachineKernels.dump(set, folder)).hasSizeGreaterThan(10);
    try (var files = Files.list(folder)) {
      assertThat(files).allMatch(file -> file.toString().endsWith(".bin"));
    }
  }
}
