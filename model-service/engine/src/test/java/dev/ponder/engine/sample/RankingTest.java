package dev.ponder.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a full sort, on masses with many ties. */
class RankingTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void keepsWhatAFullSortWouldKeep(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 300; round++) {
      int tokens = 1 + random.nextInt(200);
      long[] masses =
          random.longs(tokens, 0, random.nextBoolean() ? 5 : Mass.ONE).map(m -> m + 0).toArray();
      List<Integer> sorted = sorted(masses);
      int k = 1 + random.nextInt(tokens + 2);
      Ranking best = ranking(masses);
      best.keepBest(k);
      assertKept(best, masses, sorted.subList(0, Math.min(k, sorted.size())), seed);
      if (sorted.isEmpty()) {
        continue;
      }
      long total = Arrays.stream(masses).sum();
      long target = 1 + random.nextLong(total);
      Ranking nucleus = ranking(masses);
      nucleus.keepMass(target);
      int needed = 0;
      for (long sum = 0; sum < target; needed++) {
        sum += masses[sorted.get(needed)];
      }
      assertKept(nucleus, masses, sorted.subList(0, needed), seed);
    }
  }

  @Test
  void linearWhereAQuickselectWithFixedPivotsIsQuadratic() {
    int tokens = 50_000;
    for (boolean ascending : new boolean[] {true, false}) {
      long[] masses =
          IntStream.range(0, tokens).mapToLong(i -> 1 + (ascending ? i : tokens - i)).toArray();
      Ranking ranking = ranking(masses);
      ranking.keepBest(tokens / 2);
      ranking.keepMass(ranking.totalMass() / 2);
      assertThat(ranking.size()).isBetween(1, tokens / 2);
    }
  }

  private static Ranking ranking(long[] masses) {
    Ranking ranking = new Ranking(masses.length);
    ranking.fill(masses, masses.length);
    return ranking;
  }

  private static List<Integer> sorted(long[] masses) {
    return IntStream.range(0, masses.length)
        .filter(id -> masses[id] > 0)
        .boxed()
        .sorted(
            Comparator.comparingLong((Integer id) -> -masses[id])
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private static void assertKept(
      Ranking ranking, long[] masses, List<Integer> expected, long seed) {
    assertThat(ranking.size()).as("seed %d", seed).isEqualTo(expected.size());
    long last = ranking.lastKey();
    assertThat(
            IntStream.range(0, masses.length)
                .filter(id -> masses[id] > 0 && Ranking.key(masses[id], id) >= last)
                .boxed())
        .as("seed %d", seed)
        .containsExactlyInAnyOrderElementsOf(expected);
  }
}
