package dev.ponder.engine.prefix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.Namespace;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefixIndexTest {
  private static final Namespace ALICE = new Namespace("alice");
  private static final Namespace BOB = new Namespace("bob");
  private final KvPool pool = new KvPool(16, 1, 1, 16, KvType.F16);
  private final int page = pool.pageTokens();
  private final PrefixIndex index = new PrefixIndex(pool);

  @AfterEach
  void allPagesComeBack() {
    index.clear();
    assertThat(pool.freePages()).isEqualTo(pool.totalPages());
    pool.close();
  }

  @Test
  void findsTheLongestKnownBeginning() {
    int[] tokens = tokens(3);
    put(ALICE, tokens);
    assertThat(adopted(ALICE, tokens, 3)).isEqualTo(3);
    assertThat(adopted(ALICE, tokens, 2)).isEqualTo(2);
    assertThat(adopted(ALICE, Arrays.copyOf(tokens, 5 * page), 5)).isEqualTo(3);
    int[] other = tokens.clone();
    other[2 * page]++;
    assertThat(adopted(ALICE, other, 3)).isEqualTo(2);
    other[0]++;
    assertThat(adopted(ALICE, other, 3)).isZero();
    assertThat(adopted(BOB, tokens, 3)).isZero();
  }

  @Test
  void adoptsBehindWhatASequenceHas() {
    int[] tokens = tokens(3);
    put(ALICE, tokens);
    try (KvSequence sequence = new KvSequence(pool)) {
      assertThat(index.adopt(ALICE, tokens, 1, sequence)).isEqualTo(1);
      assertThat(index.adopt(ALICE, tokens, 3, sequence)).isEqualTo(2);
      assertThat(sequence.length()).isEqualTo(3 * page);
      assertThat(index.idle()).isZero();
      assertThat(index.evict()).isFalse();
    }
    assertThat(index.idle()).isEqualTo(3);
  }

  /** Tokens are compared, not hashes: these two pages have the same one. */
  @Test
  void equalHashesAreNotEqualPages() {
    int[] one = tokens(1);
    int[] two = one.clone();
    two[5] += 1;
    two[6] -= 31;
    assertThat(new PageTokens(one, 0, page)).hasSameHashCodeAs(new PageTokens(two, 0, page));
    put(ALICE, one);
    assertThat(adopted(ALICE, two, 1)).isZero();
    put(ALICE, two);
    assertThat(index.size()).isEqualTo(2);
    assertThat(adopted(ALICE, one, 1)).isEqualTo(1);
  }

  @Test
  void knownPagesStayWhenTheSameTokensComeAgain() {
    put(ALICE, tokens(2));
    int used = pool.freePages();
    put(ALICE, tokens(2));
    assertThat(pool.freePages()).isEqualTo(used);
    assertThat(index.size()).isEqualTo(2);
  }

  @Test
  void evictsTheLeastRecentlyUsedTailFirst() {
    int[] old = tokens(3);
    int[] recent = IntStream.of(tokens(3)).map(t -> t + 500).toArray();
    put(ALICE, old);
    put(BOB, recent);
    index.evict();
    assertThat(adopted(ALICE, old, 3)).as("this makes it the recent one").isEqualTo(2);
    index.evict();
    assertThat(adopted(BOB, recent, 3)).isEqualTo(2);
    index.evict();
    index.evict();
    assertThat(adopted(ALICE, old, 3)).isZero();
    assertThat(adopted(BOB, recent, 3)).isEqualTo(2);
    assertThat(index.evict()).isTrue();
    assertThat(index.evict()).isTrue();
    assertThat(index.evict()).isFalse();
    assertThat(pool.freePages()).isEqualTo(16);
  }

  @Test
  void pagesInUseAreNotEvicted() {
    int[] tokens = tokens(3);
    put(ALICE, tokens);
    try (KvSequence sequence = new KvSequence(pool)) {
      index.adopt(ALICE, tokens, 2, sequence);
      assertThat(index.evict()).isTrue();
      assertThat(index.evict()).isFalse();
    }
    assertThat(index.evict()).isTrue();
  }

  private void put(Namespace namespace, int[] tokens) {
    try (KvSequence sequence = new KvSequence(pool)) {
      assertThat(sequence.ensure(tokens.length)).isTrue();
      sequence.setLength(tokens.length);
      index.insert(namespace, tokens, tokens.length / page, sequence);
    }
  }

  private int adopted(Namespace namespace, int[] tokens, int pages) {
    try (KvSequence sequence = new KvSequence(pool)) {
      return index.adopt(namespace, tokens, pages, sequence);
    }
  }

  private int[] tokens(int pages) {
    return IntStream.range(0, pages * page).map(i -> 1000 + i).toArray();
  }
}
