package dev.ponder.engine.model;

import static dev.ponder.engine.model.ModelRuns.fastTiers;
import static dev.ponder.engine.model.ModelRuns.load;
import static dev.ponder.engine.model.ModelRuns.logits;
import static dev.ponder.engine.model.ModelRuns.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.RealModel;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.model.ModelRuns.Loaded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The default model's logits have the bits that were committed. Lines of the golden file: bits of
 * the activations, how keys and values are stored, SHA-256 of the logits of all positions, token
 * ids. On a mismatch the message is the new file; replace it only after a deliberate change of the
 * arithmetic.
 */
@Tag("real-model")
class RealModelTest {
  private static final String GOLDEN = "/dev/ponder/engine/model/logit-hashes.tsv";

  @Test
  void vectorKernelsOnOneThreadGiveTheCommittedBits() throws IOException {
    check(KernelTier.VECTOR, 1, 5);
  }

  @Test
  void vectorKernelsOnTwoThreadsGiveTheCommittedBits() throws IOException {
    check(KernelTier.VECTOR, 2, 64);
  }

  @Test
  void machineCodeOnOneThreadGivesTheCommittedBits() throws IOException {
    assumeTrue(fastTiers().contains(KernelTier.MACHINE));
    check(KernelTier.MACHINE, 1, 9);
  }

  @Test
  void machineCodeOnTwoAndThreeThreadsGivesTheCommittedBits() throws IOException {
    assumeTrue(fastTiers().contains(KernelTier.MACHINE));
    check(KernelTier.MACHINE, 2, 1);
    check(KernelTier.MACHINE, 3, 64);
  }

  @Test
  void scalarKernelsOnOneThreadGiveTheCommittedBits() throws IOException {
    check(KernelTier.SCALAR, 1, 64);
  }

  @Test
  void scalarKernelsOnTwoThreadsGiveTheCommittedBits() throws IOException {
    check(KernelTier.SCALAR, 2, 7);
  }

  private static void check(KernelTier tier, int threads, int chunk) throws IOException {
    List<String> golden = golden();
    List<String> actual = new ArrayList<>();
    for (ActivationPrecision precision : ActivationPrecision.values()) {
      for (KvType kv : KvType.values()) {
        ModelOptions options = options(tier, threads, kv).withActivations(precision);
        try (Loaded loaded = load(RealModel.file(), options)) {
          for (String line : golden) {
            String[] fields = line.split("\t", -1);
            if (Integer.parseInt(fields[0]) == precision.bits() && fields[1].equals(kv.label())) {
              int[] ids =
                  java.util.Arrays.stream(fields[3].split(" ", -1))
                      .mapToInt(Integer::parseInt)
                      .toArray();
              String hash = hash(logits(loaded.model(), ids, chunk));
              actual.add(String.join("\t", fields[0], fields[1], hash, fields[3]));
            }
          }
        }
      }
    }
    assertThat(actual).as("%s", tier.name().toLowerCase(Locale.ROOT)).isEqualTo(golden);
  }

  private static List<String> golden() throws IOException {
    try (var in = RealModelTest.class.getResourceAsStream(GOLDEN)) {
      assertThat(in).as(GOLDEN).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static String hash(float[][] logits) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (float[] row : logits) {
        ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES);
        bytes.asFloatBuffer().put(row);
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
