package dev.ponder.engine.kernel;

import static dev.ponder.engine.kernel.Kernels.PAGE_TOKENS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is stored of keys and values is what docs/arithmetic.md says, where it says. */
class KvCodecTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);

  /** Where the page's head begins, in the middle of other memory. */
  private static final long AT = 128;

  private final Arena arena = Arena.ofConfined();
  private final SplittableRandom random = new SplittableRandom(SEED);

  @AfterEach
  void close() {
    arena.close();
  }

  private MemorySegment memory(KvType type, int size) {
    MemorySegment memory = arena.allocate(2 * AT + (long) PAGE_TOKENS * type.tokenBytes(size), 64);
    return memory.fill((byte) 0x55);
  }

  /** Rows of every kind, which begin at index 2. */
  private float[][] rows(int size) {
    float[][] rows = new float[PAGE_TOKENS][];
    Twins.Input[] inputs = Twins.Input.values();
    for (int t = 0; t < PAGE_TOKENS; t++) {
      rows[t] = inputs[t % inputs.length].row(size + 3, random);
    }
    return rows;
  }

  private static float[] head(float[] row) {
    return Arrays.copyOfRange(row, 2, row.length - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "F16,16",
    "F16,48",
    "F16,64",
    "F16,256",
    "INT8,16",
    "INT8,32",
    "INT8,48",
    "INT8,64",
    "INT8,80",
    "INT8,128",
    "INT8,256"
  })
  void readsBackWhatTheDefinitionSays(KvType type, int size) {
    readsBack(Twins.SCALAR, type, size);
    readsBack(new VectorKernels(), type, size);
  }

  private void readsBack(Kernels tier, KvType type, int size) {
    KvCodec codec = tier.codec(size, type);
    float[] page = new float[PAGE_TOKENS * size + 2];
    for (boolean key : new boolean[] {true, false}) {
      float[][] rows = rows(size);
      MemorySegment memory = memory(type, size);
      for (int i = 0; i < PAGE_TOKENS; i++) {
        int t = i * 7 % PAGE_TOKENS;
        if (key) {
          codec.storeKey(rows[t], 2, memory, AT, t);
        } else {
          codec.storeValue(rows[t], 2, memory, AT, t);
        }
      }
      if (key) {
        codec.loadKeys(memory, AT, page, 1);
      } else {
        codec.loadValues(memory, AT, page, 1);
      }
      for (int t = 0; t < PAGE_TOKENS; t++) {
        float[] expected = StoredForm.floats(head(rows[t]), type);
        float[] actual = new float[size];
        for (int d = 0; d < size; d++) {
          actual[d] = page[1 + (key ? d * PAGE_TOKENS + t : t * size + d)];
        }
        String what =
            "%s, %s %d, key %b, token %d, seed %d".formatted(tier.tier(), type, size, key, t, SEED);
        assertThat(Twins.compare(what, expected, actual)).isNull();
      }
      assertThat(page[0]).isZero();
      assertThat(page[page.length - 1]).isZero();
      for (long i = 0; i < AT; i++) {
        assertThat(memory.get(JAVA_BYTE, i)).isEqualTo((byte) 0x55);
        assertThat(memory.get(JAVA_BYTE, memory.byteSize() - 1 - i)).isEqualTo((byte) 0x55);
      }
    }
  }

  /** Machine code relies on where things lie. */
  @ParameterizedTest
  @ValueSource(ints = {16, 48, 64, 80})
  void bytesLieWhereTheyShould(int size) {
    int blocks = (size + 31) / 32;
    KvCodec codec = Twins.SCALAR.codec(size, KvType.INT8);
    for (int slot : new int[] {0, 13, 31}) {
      float[] x = Twins.Input.ORDINARY.row(size, random);
      StoredForm form = StoredForm.int8(x, 32);
      MemorySegment keys = memory(KvType.INT8, size);
      MemorySegment values = memory(KvType.INT8, size);
      codec.storeKey(x, 0, keys, AT, slot);
      codec.storeValue(x, 0, values, AT, slot);
      MemorySegment expectedKeys = memory(KvType.INT8, size);
      MemorySegment expectedValues = memory(KvType.INT8, size);
      for (int d = 0; d < size; d++) {
        expectedKeys.set(JAVA_BYTE, AT + 32L * d + slot, form.codes[d]);
        expectedValues.set(JAVA_BYTE, AT + (long) size * slot + d, form.codes[d]);
      }
      for (int b = 0; b < blocks; b++) {
        expectedKeys.set(JAVA_SHORT, AT + 32L * size + 64L * b + 2L * slot, form.scales[b]);
        expectedValues.set(
            JAVA_SHORT, AT + 32L * size + 2L * blocks * slot + 2L * b, form.scales[b]);
      }
      assertThat(keys.mismatch(expectedKeys)).isEqualTo(-1);
      assertThat(values.mismatch(expectedValues)).isEqualTo(-1);
    }
    assertThat(32 * KvType.INT8.tokenBytes(size)).isEqualTo(32 * size + 64 * blocks);
    assertThat(KvType.F16.tokenBytes(size)).isEqualTo(2 * size);
  }

  @Test
  void edgesOfTheScale() {
    // ties go to even
    assertCodes(new float[] {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -0f}, 127, 0, 2, 2, 0, -2, 0);
    // the scale rounds to half of the least half float, which is even: to nothing
    float least = Float.float16ToFloat((short) 1);
    assertCodes(new float[] {127 * least / 2, least}, 0, 0);
    // a scale rounded down by a third: the quotient is kept within 127
    assertCodes(new float[] {127 * least * 1.49f, -127 * least * 1.49f, least}, 127, -127, 1);
    // far beyond half floats, and the last before the scale overflows
    assertCodes(new float[] {127f * 65_519, -127f * 65_504 / 127}, 127, -1);
    for (float last : new float[] {127f * 65_520, Float.POSITIVE_INFINITY, Float.NaN, -3e38f}) {
      float[] x = new float[64];
      x[5] = last;
      x[6] = 1;
      x[40] = 1;
      StoredForm form = stored(x);
      assertThat(form.scales[0]).isEqualTo((short) 0x7E00);
      assertThat(form.codes[5]).isZero();
      assertThat(form.codes[6]).isZero();
      assertThat(form.floats[0]).isNaN();
      assertThat(form.floats[31]).isNaN();
      assertThat(form.codes[40]).isEqualTo((byte) 127); // the other block is as it was
      assertThat(form.floats[32]).isZero();
    }
  }

  private void assertCodes(float[] first, int... codes) {
    StoredForm form = stored(Arrays.copyOf(first, 64));
    for (int i = 0; i < codes.length; i++) {
      assertThat(form.codes[i]).as("%s [%d]", Arrays.toString(first), i).isEqualTo((byte) codes[i]);
    }
  }

  /** What the codec makes of a value. */
  private StoredForm stored(float[] x) {
    KvCodec codec = Twins.SCALAR.codec(64, KvType.INT8);
    MemorySegment memory = memory(KvType.INT8, 64);
    codec.storeValue(x, 0, memory, AT, 0);
    float[] page = new float[PAGE_TOKENS * 64];
    codec.loadValues(memory, AT, page, 0);
    return new StoredForm(
        memory.asSlice(AT, 64).toArray(JAVA_BYTE),
        memory.asSlice(AT + 32 * 64, 4).toArray(JAVA_SHORT),
        Arrays.copyOf(page, 64));
  }

  /** The comparison can fail: blocks of another size are another result, and a coarser one. */
  @Test
  void blocksOfAnotherSizeAreNoticed() {
    float[] x = Twins.Input.ORDINARY.row(64, random);
    float[] stored = stored(x).floats;
    assertThat(Twins.compare("32", StoredForm.int8(x, 32).floats, stored)).isNull();
    assertThat(Twins.compare("64", StoredForm.int8(x, 64).floats, stored)).isNotNull();
    assertThat(Twins.compare("16", StoredForm.int8(x, 16).floats, stored)).isNotNull();
  }

  @ParameterizedTest
  @EnumSource(KvType.class)
  void typesHaveLabels(KvType type) {
    assertThat(KvType.labelled(type.label())).isEqualTo(type);
    assertThat(KvType.labels()).isEqualTo("f16 or int8");
    assertThatThrownBy(() -> KvType.labelled("INT8"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kv: INT8 (expected: f16 or int8)");
  }
}
