package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** With vectors as without. */
class LogitScanTest {
  private static final long SEED = Long.getLong("test.seed", 20261124);

  private final SplittableRandom random = new SplittableRandom(SEED);

  @Test
  void findsTheLowestIndexOfTheLargest() {
    for (int round = 0; round < 20_000; round++) {
      float[] x = row();
      int count = 1 + random.nextInt(x.length);
      assertThat(LogitScan.largest(x, count))
          .as("round %d of seed %d", round, SEED)
          .isEqualTo(LogitScan.plainLargest(x, count));
    }
  }

  /** Few different values, so that there are ties; some special ones. */
  private float[] row() {
    float[] x = new float[1 + random.nextInt(70)];
    int kinds = 1 + random.nextInt(8);
    for (int i = 0; i < x.length; i++) {
      x[i] =
          switch (random.nextInt(kinds)) {
            case 1 -> -0f;
            case 2 -> 0f;
            case 3 -> Float.NEGATIVE_INFINITY;
            case 4 -> random.nextInt(3);
            case 5 -> random.nextInt(50) == 0 ? Float.POSITIVE_INFINITY : 1;
            case 6 -> random.nextInt(100) == 0 ? Float.NaN : 2;
            default -> (float) random.nextGaussian();
          };
    }
    return x;
  }

  @Test
  void exponentialsAreThoseOfTheDefinition() {
    for (int count : new int[] {1, 15, 16, 17, 1024, 1023}) {
      float[] x = new float[count + 3];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian() * 40;
      }
      x[0] = Float.NEGATIVE_INFINITY;
      float[] expected = x.clone();
      for (int i = 0; i < count; i++) {
        expected[i] = Exp.exp(x[i]);
      }
      LogitScan.exponentials(x, count);
      assertThat(Twins.compare("exponentials, seed " + SEED, expected, x)).isNull();
    }
  }
}
