package dev.ponder.common.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KvFrameTest {
  private static final String KEY = "00112233445566778899aabbccddeeff".repeat(2);
  private static final long SEED = Long.getLong("test.seed", 20_261_123L);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 63, 64, 65, 4096, 737_280})
  void returnsWhatWasEncoded(int payloadBytes) {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] payload = new byte[payloadBytes];
    random.nextBytes(payload);
    int[] tokens = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE};
    KvFrame frame =
        KvFrame.decode(
            ByteBuffer.wrap(KvFrame.encode(KEY, KvFrame.DTYPE_F16, 30, 64, tokens, payload)));
    assertThat(frame.key()).isEqualTo(KEY);
    assertThat(frame.layers()).isEqualTo(30);
    assertThat(frame.firstToken()).isEqualTo(64);
    assertThat(frame.tokens()).containsExactly(tokens);
    byte[] back = new byte[frame.payload().remaining()];
    frame.payload().get(back);
    assertThat(back).isEqualTo(payload);
  }

  @Test
  void layoutIsThatOfTheJavadoc() {
    byte[] frame =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 2, 32, new int[] {7, 258}, new byte[] {1, 2, 3});
    CRC32C crc = new CRC32C();
    crc.update(frame, 0, 24);
    crc.update(frame, 28, frame.length - 28);
    String expected =
        "504b5642" // PKVB
            + "0100" // version
            + "0100" // f16
            + "02000000" // layers
            + "20000000" // first token
            + "02000000" // token count
            + "03000000" // payload bytes
            + HexFormat.of().toHexDigits(Integer.reverseBytes((int) crc.getValue()))
            + "00000000"
            + KEY
            + "0700000002010000"
            + "010203";
    assertThat(HexFormat.of().formatHex(frame)).isEqualTo(expected);
  }

  @Test
  void saysHowItsPayloadIsStored() {
    for (String kvType : new String[] {"f16", "int8"}) {
      short dtype = KvFrame.dtype(kvType);
      byte[] frame = KvFrame.encode(KEY, dtype, 1, 0, new int[] {1}, new byte[8]);
      assertThat(frame[6]).isEqualTo((byte) (kvType.equals("f16") ? 1 : 2));
      assertThat(KvFrame.decode(ByteBuffer.wrap(frame)).dtype()).isEqualTo(dtype);
    }
    assertThatThrownBy(() -> KvFrame.dtype("q8")).hasMessage("kvType: q8 (expected: f16 or int8)");
    assertThatThrownBy(() -> KvFrame.encode(KEY, (short) 3, 1, 0, new int[] {1}, new byte[8]))
        .hasMessage("dtype: 3 (expected: 1 or 2)");
  }

  @Test
  void payloadIsAReadOnlyView() {
    ByteBuffer bytes =
        ByteBuffer.wrap(KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, new int[] {1}, new byte[8]));
    assertThat(KvFrame.decode(bytes).payload().isReadOnly()).isTrue();
  }

  @Test
  void readsTheRemainingBytesOfABufferWhereverTheyAre() {
    byte[] frame = KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, new int[] {1}, new byte[8]);
    ByteBuffer direct = ByteBuffer.allocateDirect(frame.length + 20);
    direct.position(7).put(frame).limit(7 + frame.length).position(7);
    assertThat(KvFrame.decode(direct).key()).isEqualTo(KEY);
    assertThat(direct.position()).isEqualTo(7);
  }

  @Test
  void everySingleBitThatFlipsIsNoticed() {
    byte[] frame =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 3, 32, new int[] {1, 2, 3, 4}, new byte[40]);
    for (int bit = 0; bit < frame.length * 8; bit++) {
      frame[bit / 8] ^= (byte) (1 << bit % 8);
      assertCorrupt(frame, "bit " + bit);
      frame[bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertThat(KvFrame.decode(ByteBuffer.wrap(frame)).layers()).isEqualTo(3);
  }

  /** With the checksum made right again, so that the field's own check is what refuses. */
  @ParameterizedTest
  @CsvSource({
    "0, 1112493122", // magic
    "4, 2", // version
    "6, 0", // dtype
    "6, 3",
    "8, -1", // layers
    "8, 5000",
    "12, -1", // first token
    "16, 0", // token count
    "16, 1025",
    "16, -1",
    "16, 2147483647",
    "20, -1", // payload bytes
    "20, 2147483647",
    "20, 41",
    "20, 39",
    "28, 1", // reserved
  })
  void aWrongHeaderFieldIsRefusedEvenWithARightChecksum(int offset, int value) {
    byte[] frame =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 3, 32, new int[] {1, 2, 3, 4}, new byte[40]);
    ByteBuffer b = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    if (offset == 4 || offset == 6) {
      b.putShort(offset, (short) value);
    } else {
      b.putInt(offset, value);
    }
    CRC32C crc = new CRC32C();
    crc.update(frame, 0, 24);
    crc.update(frame, 28, frame.length - 28);
    b.putInt(24, (int) crc.getValue());
    assertCorrupt(frame, "offset " + offset);
  }

  @Test
  void aTruncatedOrLengthenedFrameIsRefused() {
    byte[] frame =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 3, 32, new int[] {1, 2, 3, 4}, new byte[40]);
    for (int length = 0; length < frame.length; length++) {
      assertCorrupt(Arrays.copyOf(frame, length), "length " + length);
    }
    assertCorrupt(Arrays.copyOf(frame, frame.length + 1), "one more");
  }

  @Test
  void randomBytesAreRefusedWithTheCodeAndNothingElse() {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] valid =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 3, 32, new int[] {1, 2, 3, 4}, new byte[400]);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(600)];
      random.nextBytes(bytes);
      // Half of the rounds keep a plausible beginning, so that the later checks are reached too.
      if (random.nextBoolean()) {
        System.arraycopy(valid, 0, bytes, 0, Math.min(bytes.length, random.nextInt(24)));
      }
      assertCorrupt(bytes, "seed " + SEED + " round " + round);
    }
  }

  @Test
  void sizesAreLimited() {
    int[] one = {1};
    assertThatThrownBy(() -> KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, new int[0], new byte[1]))
        .hasMessage("tokens: 0 (expected: 1 to 1024)");
    assertThatThrownBy(
            () -> KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, new int[1025], new byte[1]))
        .hasMessage("tokens: 1025 (expected: 1 to 1024)");
    assertThatThrownBy(() -> KvFrame.encode(KEY, KvFrame.DTYPE_F16, -1, 0, one, new byte[1]))
        .hasMessage("layers: -1 (expected: 0 to 4096)");
    assertThatThrownBy(() -> KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, -1, one, new byte[1]))
        .hasMessage("firstToken: -1 (expected: at least 0)");
    assertThatThrownBy(() -> KvFrame.encode("abcd", KvFrame.DTYPE_F16, 1, 0, one, new byte[1]))
        .hasMessage("key: abcd (expected: 64 hexadecimal digits)");
    assertThatThrownBy(() ->
            KvFrame.encode(
                KEY, KvFrame.DTYPE_F16, 1, 0, one, new byte[KvFrame.MAX_PAYLOAD_BYTES + 1]))
        .hasMessageStartingWith("payload: 16777217 bytes (expected: at most");
    byte[] largest =
        KvFrame.encode(KEY, KvFrame.DTYPE_F16, 1, 0, one, new byte[KvFrame.MAX_PAYLOAD_BYTES]);
    assertThat(KvFrame.decode(ByteBuffer.wrap(largest)).payload().remaining())
        .isEqualTo(KvFrame.MAX_PAYLOAD_BYTES);
  }

  private static void assertCorrupt(byte[] frame, String what) {
    Throwable thrown = catchThrowable(() -> KvFrame.decode(ByteBuffer.wrap(frame)));
    assertThat(thrown).as(what).isInstanceOf(PonderException.class);
    assertThat(((PonderException) thrown).code()).as(what).isEqualTo(ErrorCode.KV_BLOCK_CORRUPT);
  }
}
