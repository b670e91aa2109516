package dev.ponder.common.prefix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.auth.InternalTokens;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The golden vectors come from {@code src/test/resources/prefix_key_vectors.py}, which shares no
 * code with this side: {@code python3 prefix_key_vectors.py} prints them.
 */
class PrefixKeysTest {
  private static final InternalTokens SECRET = new InternalTokens("0123456789abcdef");

  @Test
  void tenantMacIsWhatPythonComputes() {
    assertThat(HexFormat.of().formatHex(SECRET.tenantMac("acme")))
        .isEqualTo("f266f164ac2e245d0738399059ccc1cb5a63dd8b6493445c9e42ffa0696b1318");
    assertThat(HexFormat.of().formatHex(SECRET.tenantMac("beta")))
        .isEqualTo("09b9a57fc33b7b778158e092265cd2c5a08f0716d5d6745eb4f937ef261268ad");
  }

  @Test
  void keysAreWhatPythonComputes() {
    int[] tokens = {1, 2, 3, 4, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 49151, 7, 8};
    assertThat(PrefixKeys.of(new Fields().seed(), tokens, 4))
        .containsExactly(
            "d962d84eae3c7156f3ce8e43e6fb67aafe9ee71a53da2d1fd9d6493e6f781ae0",
            "5827ac3d3bc36d3f6dedb58bf912e04eba609913e870b04fb0421948d40778d1");
  }

  @Test
  void keysWithAnAdapterAreWhatPythonComputes() {
    PrefixSeed seed =
        PrefixSeed.of(
            digest("model"),
            digest("tokenizer"),
            500_000.0,
            0.125,
            131_072,
            16,
            "q8_0",
            32,
            digest("adapter"),
            0.75f,
            SECRET.tenantMac("beta"));
    assertThat(PrefixKeys.of(seed, IntStream.range(0, 100).toArray(), 32))
        .containsExactly(
            "afb15823fa839bb80a3d6899639abfb41acf3c03b14ea8e3df94afb1cbad7ecd",
            "3106d924a3bfb72a4621549235f0051fc7dba5160e40845601193d60b37a1386",
            "1d689b7ab61070e1701e212e6691ebea8c81273d53cc0224afc5c89ef8b5d2b0");
  }

  @Test
  void everyFieldOfTheSeedChangesEveryKey() {
    Map<String, Fields> variants = new LinkedHashMap<>();
    variants.put("unchanged", new Fields());
    variants.put("model", new Fields());
    variants.put("tokenizer", new Fields());
    variants.put("ropeBase", new Fields());
    variants.put("ropeScale", new Fields());
    variants.put("context", new Fields());
    variants.put("bits", new Fields());
    variants.put("kv", new Fields());
    variants.put("block", new Fields());
    variants.put("adapter", new Fields());
    variants.put("scale", new Fields());
    variants.put("tenant", new Fields());
    variants.forEach((name, fields) -> fields.change(name));
    int[] tokens = {5, 6, 7, 8, 9, 10, 11, 12};
    List<String> keys =
        variants.values().stream()
            .flatMap(fields -> PrefixKeys.of(fields.seed(), tokens, 4).stream())
            .toList();
    assertThat(keys).hasSize(24).doesNotHaveDuplicates();
  }

  @Test
  void aSharedPrefixSharesKeysUpToTheFirstDifference() {
    long seed = Long.getLong("test.seed", 20_261_123L);
    SplittableRandom random = new SplittableRandom(seed);
    PrefixSeed prefixSeed = new Fields().seed();
    for (int round = 0; round < 50; round++) {
      int block = random.nextInt(1, 9);
      int[] a = random.ints(random.nextInt(1, 100), -10, 50_000).toArray();
      int[] b = Arrays.copyOf(a, a.length);
      int changed = random.nextInt(a.length);
      b[changed] ^= 1 << random.nextInt(32);
      List<String> left = PrefixKeys.of(prefixSeed, a, block);
      List<String> right = PrefixKeys.of(prefixSeed, b, block);
      for (int i = 0; i < left.size(); i++) {
        assertThat(left.get(i).equals(right.get(i)))
            .as("seed %d round %d block %d", seed, round, i)
            .isEqualTo(i < changed / block);
      }
    }
  }

  @Test
  void onlyFullBlocksHaveKeys() {
    PrefixSeed seed = new Fields().seed();
    assertThat(PrefixKeys.of(seed, new int[0], 4)).isEmpty();
    assertThat(PrefixKeys.of(seed, new int[3], 4)).isEmpty();
    assertThat(PrefixKeys.of(seed, new int[4], 4)).hasSize(1);
    assertThat(PrefixKeys.of(seed, new int[11], 4)).hasSize(2);
  }

  @Test
  void badArgumentsAreNamed() {
    assertThatThrownBy(() -> PrefixKeys.of(new Fields().seed(), new int[4], 0))
        .hasMessage("blockTokens: 0 (expected: at least 1)");
    Fields shortDigest = new Fields();
    shortDigest.model = new byte[31];
    assertThatThrownBy(shortDigest::seed).hasMessage("modelDigest: 31 bytes (expected: 32)");
    Fields longType = new Fields();
    longType.kv = "a-very-long-type-name";
    assertThatThrownBy(longType::seed).hasMessageContaining("(expected: 1 to 16 characters)");
  }

  private static byte[] digest(String name) {
    return PrefixKeys.sha256().digest(name.getBytes(StandardCharsets.UTF_8));
  }

  /** The arguments of the first golden vector, each changeable by name. */
  private static final class Fields {
    byte[] model = digest("model");
    byte[] tokenizer = digest("tokenizer");
    double ropeBase = 100_000;
    double ropeScale = 1;
    int context = 8192;
    int bits = 8;
    String kv = "f16";
    int block = 4;
    byte @org.jspecify.annotations.Nullable [] adapter;
    float scale;
    String tenant = "acme";

    void change(String name) {
      switch (name) {
        case "model" -> model = digest("model2");
        case "tokenizer" -> tokenizer = digest("tokenizer2");
        case "ropeBase" -> ropeBase = 100_001;
        case "ropeScale" -> ropeScale = 0.5;
        case "context" -> context = 4096;
        case "bits" -> bits = 16;
        case "kv" -> kv = "q8_0";
        case "block" -> block = 8;
        case "adapter" -> adapter = digest("adapter");
        case "scale" -> scale = 1;
        case "tenant" -> tenant = "beta";
        default -> {}
      }
    }

    PrefixSeed seed() {
      return PrefixSeed.of(
          model,
          tokenizer,
          ropeBase,
          ropeScale,
          context,
          bits,
          kv,
          block,
          adapter,
          scale,
          SECRET.tenantMac(tenant));
    }
  }
}
