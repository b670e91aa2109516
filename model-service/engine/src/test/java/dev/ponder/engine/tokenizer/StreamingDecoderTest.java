package dev.ponder.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  private static final long SEED = Long.getLong("test.seed", 20_251_123L);
  private static final int BYTE_ZERO = 3; // the small vocabulary has the 256 bytes from id 3 on

  private final Tokenizer tiny = TinyTokenizer.standard();

  @Test
  void holdsBackUnfinishedCharacters() {
    assertThat(parts(0xF0, 0x9F, 0x98, 0x80)).containsExactly("", "", "", "😀", "");
    assertThat(parts('a', 0xC3, 0xA9, 'b')).containsExactly("a", "", "é", "b", "");
    assertThat(parts(0xE4, 0xB8, 0xAD)).containsExactly("", "", "中", "");
  }

  @Test
  void replacesBytesOnceTheyCanNoLongerBecomeACharacter() {
    assertThat(parts(0xC3, 'a')).containsExactly("", "\ufffda", "");
    assertThat(parts(0xFF)).containsExactly("\ufffd", "");
    assertThat(parts(0xF0, 0x9F, 'a')).containsExactly("", "", "\ufffda", "");
    assertThat(parts(0xF0, 0x9F, 0x98)).containsExactly("", "", "", "\ufffd");
    assertThat(parts(0x80, 0x80)).containsExactly("\ufffd", "\ufffd", "");
    assertThat(parts(0xE4, 0xE4, 0xB8, 0xAD)).containsExactly("", "\ufffd", "", "中", "");
  }

  @Test
  void controlTokensBreakNothing() {
    StreamingDecoder decoder = new StreamingDecoder(tiny);
    assertThat(decoder.push(BYTE_ZERO + 0xC3)).isEmpty();
    assertThat(decoder.push(2)).isEmpty();
    assertThat(decoder.push(BYTE_ZERO + 0xA9)).isEqualTo("é");
  }

  @Test
  void startsAnewAfterAFlush() {
    StreamingDecoder decoder = new StreamingDecoder(tiny);
    assertThat(decoder.flush()).isEmpty();
    decoder.push(BYTE_ZERO + 0xC3);
    assertThat(decoder.flush()).isEqualTo("\ufffd");
    assertThat(decoder.flush()).isEmpty();
    assertThat(decoder.push(BYTE_ZERO + 'a')).isEqualTo("a");
  }

  @Test
  void partsAreTheWholeForRandomTextInAnySplit() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = RandomText.of(random, 20).getBytes(StandardCharsets.UTF_8);
      check(ids(bytes), SEED);
      check(tiny.encode(new String(bytes, StandardCharsets.UTF_8), true), SEED);
    }
  }

  @Test
  void partsAreTheWholeForRandomBytes() {
    SplittableRandom random = new SplittableRandom(SEED);
    // Bytes around the edges of UTF-8's ranges, so that every kind of malformed sequence occurs.
    int[] edges = {
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
      0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF
    };
    for (int i = 0; i < 30_000; i++) {
      byte[] bytes = new byte[random.nextInt(1, 12)];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) edges[random.nextInt(edges.length)];
      }
      check(ids(bytes), SEED);
    }
  }

  private void check(int[] ids, long seed) {
    StreamingDecoder decoder = new StreamingDecoder(tiny);
    StringBuilder whole = new StringBuilder();
    for (int id : ids) {
      String part = decoder.push(id);
      assertThat(isWellFormed(part)).as("whole code points, seed %d", seed).isTrue();
      whole.append(part);
    }
    whole.append(decoder.flush());
    assertThat(whole.toString()).as("seed %d", seed).isEqualTo(tiny.decode(ids));
  }

  private static boolean isWellFormed(String part) {
    return part.codePoints().noneMatch(c -> c >= 0xD800 && c < 0xE000);
  }

  private List<String> parts(int... bytes) {
    StreamingDecoder decoder = new StreamingDecoder(tiny);
    List<String> parts = new ArrayList<>();
    for (int b : bytes) {
      parts.add(decoder.push(BYTE_ZERO + b));
    }
    parts.add(decoder.flush());
    return parts;
  }

  private static int[] ids(byte[] bytes) {
    return IntStream.range(0, bytes.length)
        .map(i -> BYTE_ZERO + Byte.toUnsignedInt(bytes[i]))
        .toArray();
  }
}
