package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.gguf.RandomBlocks;
import dev.ponder.engine.gguf.TensorType;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel of the vector tier gives the bits of the scalar definition. */
class TwinsTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);
  private static final Kernels VECTOR = new VectorKernels();

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void productsAreEqual(TensorType type) {
    assertThat(Twins.matrices(VECTOR, type, SEED)).isNull();
  }

  @Test
  void normsAndGatesAreEqual() {
    assertThat(Twins.functions(VECTOR, SEED)).isNull();
  }

  @Test
  void attentionIsEqualAndNeverReadsPastTheLastToken() {
    assertThat(Twins.attention(VECTOR, SEED)).isNull();
  }

  @ParameterizedTest
  @CsvSource({"F16,48", "F16,64", "INT8,16", "INT8,48", "INT8,64", "INT8,128"})
  void attentionOnStoredPagesIsEqual(KvType type, int size) {
    assertThat(Twins.storedAttention(Twins.SCALAR, size, type, SEED)).isNull();
    assertThat(Twins.storedAttention(VECTOR, size, type, SEED)).isNull();
  }

  /** The comparison can fail: pieces joined in the other order are another result. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void piecesInAnotherOrderAreNoticed(KvType type) {
    assertThat(Twins.descending(VECTOR, type, SEED)).isNotNull();
    assertThat(Twins.descending(Twins.SCALAR, type, SEED)).isNotNull();
  }

  /** Other widths need a JVM of their own: the width is a constant of the compiled kernels. */
  @ParameterizedTest
  @ValueSource(ints = {128, 256})
  void narrowerVectorsGiveTheSameBits(int bits) throws IOException, InterruptedException {
    List<String> width = List.of("-D" + VectorWidth.PROPERTY + "=" + bits);
    ChildJvm.run(Twins.class, "equal", width, Integer.toString(bits), Long.toString(SEED));
  }

  /** The comparison can fail: two blocks of a row in the other order are another result. */
  @Test
  void blocksInAnotherOrderAreNoticed() {
    SplittableRandom random = new SplittableRandom(SEED);
    int cols = 256;
    byte[] data = RandomBlocks.of(TensorType.Q4_1, 48L * cols, 0.1, random);
    float[] x = Twins.Input.ORDINARY.row(cols, random);
    float[] straight = product(data, cols, x);
    int block = TensorType.Q4_1.blockBytes();
    for (int at = 0; at < data.length; at += cols / 32 * block) {
      swap(data, at, at + block, block);
    }
    for (int k = 0; k < 32; k++) {
      float first = x[k];
      x[k] = x[k + 32];
      x[k + 32] = first;
    }
    float[] swapped = product(data, cols, x);
    assertThat(Twins.compare("swapped", straight, swapped)).isNotNull();
    for (int i = 0; i < straight.length; i++) {
      assertThat(swapped[i]).isCloseTo(straight[i], org.assertj.core.data.Offset.offset(1e-3f));
    }
  }

  /** The comparison can fail: a reduction cut in two is another result. */
  @Test
  void aSplitReductionIsNoticed() {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] data = RandomBlocks.of(TensorType.Q8_0, 48L * 256, 0.1, random);
    float[] x = Twins.Input.ORDINARY.row(256, random);
    float[] whole = product(TensorType.Q8_0, data, 256, x);
    float[] split = new float[whole.length];
    int rowBytes = 8 * TensorType.Q8_0.blockBytes();
    for (int part = 0; part < 2; part++) {
      byte[] columns = new byte[data.length / 2];
      for (int row = 0; row < 48; row++) {
        int from = row * rowBytes + part * rowBytes / 2;
        System.arraycopy(data, from, columns, row * rowBytes / 2, rowBytes / 2);
      }
      float[] half = new float[128];
      System.arraycopy(x, part * 128, half, 0, 128);
      float[] sums = product(TensorType.Q8_0, columns, 128, half);
      for (int i = 0; i < split.length; i++) {
        split[i] += sums[i];
      }
    }
    assertThat(Twins.compare("split", whole, split)).isNotNull();
  }

  private static float[] product(byte[] data, int cols, float[] x) {
    return product(TensorType.Q4_1, data, cols, x);
  }

  private static float[] product(TensorType type, byte[] data, int cols, float[] x) {
    ActivationPrecision precision = ActivationPrecision.BITS16;
    return Twins.multiply(VECTOR, type, data, 48, cols, new float[][] {x}, precision, false, false)[
        0];
  }

  private static void swap(byte[] data, int a, int b, int count) {
    for (int i = 0; i < count; i++) {
      byte kept = data[a + i];
      data[a + i] = data[b + i];
      data[b + i] = kept;
    }
  }
}
