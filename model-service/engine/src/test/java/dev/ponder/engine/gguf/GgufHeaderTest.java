package dev.ponder.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.EngineException.Kind;
import dev.ponder.engine.gguf.GgufWriter.Bytes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged and hostile headers. */
class GgufHeaderTest {
  private static final int MAGIC = 0x46554747;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  @TempDir Path folder;

  @Test
  void everyTruncationIsRefused() {
    byte[] whole =
        new GgufWriter()
            .put("general.architecture", "llama")
            .put("list", List.of("a", "b"))
            .put("numbers", new int[] {1, 2})
            .tensor("a", TensorType.F32, new byte[128], 32)
            .tensor("b", TensorType.Q8_0, new byte[34 * 16], 32, 16)
            .toBytes();
    assertThat(read(whole).tensors()).containsOnlyKeys("a", "b");
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(part))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOfSatisfying(
              EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_FILE_INVALID))
          .hasMessageMatching("(?s).+: .+ \\(expected: .+\\)");
    }
  }

  @Test
  void truncatedFilesOnDiskAreRefused() throws IOException {
    byte[] whole = new RandomLlama().writer().toBytes();
    for (int length : new int[] {0, 1, 4, 24, 1000, whole.length / 2, whole.length - 64}) {
      Path path = Files.write(folder.resolve("cut-" + length), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> GgufFile.open(path))
          .as("%d bytes", length)
          .isInstanceOf(EngineException.class);
    }
  }

  @Test
  void otherFilesVersionsAndByteOrdersAreRefused() {
    refused(new Bytes().bytes(new byte[] {'P', 'K', 3, 4}), "magic: 0x4034b50 (expected: ");
    unsupported(new Bytes().int32(MAGIC).int32(1), "version: 1 (expected: 2 or 3)");
    unsupported(new Bytes().int32(MAGIC).int32(-1), "version: 4294967295 (expected: 2 or 3)");
    unsupported(
        new Bytes().int32(MAGIC).int32(0x03000000),
        "byte order: big endian (expected: little endian)");
    assertThat(read(new Bytes().int32(MAGIC).int32(2).int64(0).int64(0)).tensors()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 1000, 1L << 31, 1L << 40, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void countsAndLengthsBeyondTheFileAreRefused(long count) {
    refused(new Bytes().int32(MAGIC).int32(3).int64(count).int64(0), "tensor count: ");
    refused(header(0, count), "metadata count: ");
    refused(header(0, 1).int64(count + 100).bytes(new byte[80]), "metadata key length: ");
    refused(pair("k").int32(STRING).int64(count), "k length: ");
    refused(pair("k").int32(ARRAY).int32(0).int64(count), "k count: ");
    refused(pair("k").int32(ARRAY).int32(STRING).int64(count), "k count: ");
    refused(pair("k").int32(ARRAY).int32(ARRAY).int64(count), "k count: ");
    refused(pair("k").int32(ARRAY).int32(STRING).int64(1).int64(count), "k length: ");
  }

  @Test
  void countsAreRefusedBeforeTheyAreAllocated() {
    // 64 MiB of zeros would hold that many bytes, yet arrays have their own limit.
    int count = GgufValueReader.MOST_ELEMENTS + 1;
    refused(
        pair("k").int32(ARRAY).int32(0).int64(count).bytes(new byte[count]),
        "k count: 4194305 (expected: at most 4194304");
    refused(
        header(0, 2)
            .string("a")
            .int32(ARRAY)
            .int32(0)
            .int64(count - 10)
            .bytes(new byte[count - 10])
            .string("b")
            .int32(ARRAY)
            .int32(0)
            .int64(10)
            .bytes(new byte[10]),
        "b count: 10 (expected: at most 9");
  }

  @Test
  void nestedArraysAreReadToABoundedDepth() {
    assertThat(read(nested(4, 1)).metadata().has("k")).isTrue();
    refused(nested(5, 1), "k: an array 5 deep (expected: at most 4)");
    refused(nested(100_000, 1), "k: an array 5 deep (expected: at most 4)");
    GgufMetadata metadata = read(nested(2, 1)).metadata();
    assertThatThrownBy(() -> metadata.strings("k"))
        .hasMessage("k: a list of 1 (expected: an array of strings)");
  }

  @Test
  void emptyArraysAndStringsAreFineButEmptyNamesAreNot() {
    for (int type = 0; type <= 12; type++) {
      Bytes file = pair("k").int32(ARRAY).int32(type).int64(0);
      assertThat(read(file).metadata().has("k")).as("type %d", type).isTrue();
    }
    assertThat(read(pair("k").int32(STRING).int64(0)).metadata().string("k")).isEmpty();
    refused(
        header(0, 1).string("").int32(0).bytes(new byte[20]),
        "metadata key length: 0 (expected: between");
    refused(header(1, 0).string("").bytes(new byte[40]), "tensor name length: 0 (expected: ");
  }

  @Test
  void unknownValueTypesAndBooleansAreRefused() {
    refused(pair("k").int32(13).int64(0), "k type: 13 (expected: a value type between 0 and 12)");
    refused(pair("k").int32(ARRAY).int32(-1).int64(0), "k type: 4294967295 (expected: ");
    refused(pair("k").int32(7).int8(2), "k: 2 (expected: a boolean, 0 or 1)");
    refused(pair("k").int32(10).int64(-1), "k: 18446744073709551615 (expected: an integer of");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    byte[][] malformed = {
      {(byte) 0xFF},
      {(byte) 0xC0, (byte) 0x80},
      {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
      {'a', (byte) 0xE4}
    };
    for (byte[] text : malformed) {
      refused(
          pair("k").int32(STRING).int64(text.length).bytes(text),
          "k: malformed at byte 45 (expected: valid UTF-8)");
      refused(
          header(0, 1).int64(text.length).bytes(text).bytes(new byte[20]),
          "metadata key: malformed");
      refused(
          header(1, 0).int64(text.length).bytes(text).bytes(new byte[40]),
          "tensor name: malformed");
    }
  }

  @Test
  void namesThatOccurTwiceAreRefused() {
    refused(
        header(0, 2).string("k").int32(7).int8(1).string("k").int32(7).int8(1),
        "metadata key: k (expected: no key twice)");
    refused(
        tensor(tensor(header(2, 0), "t", 0, 0, 8), "t", 0, 32, 8).pad(32).bytes(new byte[64]),
        "tensor name: t (expected: no name twice)");
  }

  @Test
  void alignmentIsAPowerOfTwo() {
    for (int alignment : new int[] {0, 3, 33, 1 << 21, -1}) {
      refused(
          pair("general.alignment").int32(5).int32(alignment),
          "general.alignment: " + alignment + " (expected: a power of two");
    }
    refused(pair("general.alignment").int32(STRING).string("32"), "general.alignment: 32 (expec");
    Bytes wide =
        tensor(
                header(1, 1).string("general.alignment").int32(4).int32(256),
                "t",
                TensorType.F32.id(),
                256,
                1)
            .pad(256)
            .bytes(new byte[260]);
    assertThat(read(wide).tensors())
        .hasEntrySatisfying("t", t -> assertThat(t.byteSize()).isEqualTo(4));
    refused(
        tensor(
                header(1, 1).string("general.alignment").int32(4).int32(256),
                "t",
                TensorType.F32.id(),
                32,
                1)
            .pad(256)
            .bytes(new byte[260]),
        "t offset: 32 (expected: a multiple of 256");
  }

  @Test
  void tensorsLieInsideTheFile() {
    int f32 = TensorType.F32.id();
    assertThat(read(oneTensor(f32, 0, 64, 16)).tensors()).containsKey("t");
    refused(oneTensor(f32, 0, 60, 16), "t dimensions: [16] (expected: at most 60 bytes");
    refused(oneTensor(f32, 16, 96, 16), "t offset: 16 (expected: a multiple of 32, at most 32)");
    refused(oneTensor(f32, 64, 96, 16), "t offset: 64 (expected: a multiple of 32, at most 32)");
    refused(oneTensor(f32, -32, 96, 16), "t offset: 18446744073709551584 (expected: ");
    refused(oneTensor(f32, Long.MAX_VALUE - 31, 96, 16), "t offset: 9223372036854775776 (exp");
    refused(
        tensor(tensor(header(2, 0), "a", f32, 0, 16), "b", f32, 32, 16).pad(32).bytes(new byte[96]),
        "b offset: 32 (expected: at least 64, the end of the tensor before it)");
  }

  @Test
  void dimensionsDoNotOverflow() {
    int f32 = TensorType.F32.id();
    refused(oneTensor(f32, 0, 64, 1L << 32, 1L << 32), "t dimensions: [4294967296, 4294967296]");
    refused(oneTensor(f32, 0, 64, 1L << 62, 4), "t dimensions: ");
    refused(oneTensor(f32, 0, 64, Long.MAX_VALUE), "t dimensions: ");
    refused(oneTensor(f32, 0, 64, 1L << 16, 1L << 16, 1L << 16, 1L << 16), "t dimensions: ");
    refused(oneTensor(f32, 0, 64, 0), "t dimension 0: 0 (expected: between 1 and 2^63 - 1)");
    refused(oneTensor(f32, 0, 64, 2, 0), "t dimension 1: 0 (expected: ");
    refused(oneTensor(f32, 0, 64, -1), "t dimension 0: 18446744073709551615 (expected: ");
    refused(oneTensor(f32, 0, 64), "t dimensions: 0 (expected: between 1 and 4)");
    refused(oneTensor(f32, 0, 64, 1, 1, 1, 1, 1), "t dimensions: 5 (expected: between 1 and 4)");
    int q8 = TensorType.Q8_0.id();
    refused(oneTensor(q8, 0, 64, 33), "t dimension 0: 33 (expected: a multiple of 32)");
    assertThat(read(oneTensor(q8, 0, 34, 32, 1, 1, 1)).tensors()).containsKey("t");
    refused(tensor(header(1, 0), "t".repeat(65), f32, 0, 1), "tensor name length: 65 (expected: ");
  }

  @Test
  void unknownTensorTypesAreUnsupported() {
    unsupported(oneTensor(4, 0, 64, 16), "tensor type: 4 (expected: one of 0 F32, 1 F16, 2 Q4_0");
    unsupported(oneTensor(-1, 0, 64, 16), "tensor type: 4294967295 (expected: one of ");
  }

  @Test
  void messagesHoldNoControlCharactersOfTheFile() {
    refused(
        header(0, 2).string("a\nb").int32(7).int8(1).string("a\nb").int32(7).int8(1),
        "metadata key: a?b (expected: no key twice)");
    String longKey = "k".repeat(5000);
    assertThatThrownBy(() -> read(pair(longKey).int32(99)))
        .hasMessage("k".repeat(80) + "...: 99 (expected: a value type between 0 and 12)");
  }

  private static Bytes header(long tensors, long pairs) {
    return new Bytes().int32(MAGIC).int32(3).int64(tensors).int64(pairs);
  }

  private static Bytes pair(String key) {
    return header(0, 1).string(key);
  }

  private static Bytes nested(int depth, int elementType) {
    Bytes file = pair("k").int32(ARRAY);
    for (int i = 1; i < depth; i++) {
      file.int32(ARRAY).int64(1);
    }
    return file.int32(elementType).int64(1).int8(7);
  }

  private static Bytes tensor(Bytes file, String name, int type, long offset, long... dims) {
    file.string(name).int32(dims.length);
    for (long dim : dims) {
      file.int64(dim);
    }
    return file.int32(type).int64(offset);
  }

  private static Bytes oneTensor(int type, long offset, int dataBytes, long... dims) {
    return tensor(header(1, 0), "t", type, offset, dims).pad(32).bytes(new byte[dataBytes]);
  }

  private static GgufHeader read(Bytes file) {
    return read(file.toByteArray());
  }

  private static GgufHeader read(byte[] file) {
    return GgufHeader.read(MemorySegment.ofArray(file).asReadOnly());
  }

  private static void refused(Bytes file, String messageStart) {
    refused(file, Kind.MODEL_FILE_INVALID, messageStart);
  }

  private static void unsupported(Bytes file, String messageStart) {
    refused(file, Kind.UNSUPPORTED, messageStart);
  }

  private static void refused(Bytes file, Kind kind, String messageStart) {
    assertThatThrownBy(() -> read(file))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
        .hasMessageStartingWith(messageStart)
        .hasMessageMatching("(?s).+: .+ \\(expected: .+\\)");
  }
}
