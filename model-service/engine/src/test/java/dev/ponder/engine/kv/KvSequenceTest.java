package dev.ponder.engine.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.KvType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvSequenceTest {
  private final KvPool pool = new KvPool(4, 2, 3, 16, KvType.F16);

  @AfterEach
  void everyPageIsBack() {
    assertThat(pool.freePages()).isEqualTo(pool.totalPages());
    pool.close();
  }

  @Test
  void aPageHoldsKeysAndValuesOfAllLayers() {
    assertThat(pool.pageBytes()).isEqualTo(2L * 2 * 3 * 16 * 32 * 2);
    assertThat(pool.values(3, 1, 2)).isEqualTo(4 * pool.pageBytes() - 16 * 32 * 2);
  }

  /** Bytes take half the room and their scales, and every head begins at a multiple of 64. */
  @ParameterizedTest
  @ValueSource(ints = {16, 48, 64, 80})
  void bytesTakeAboutHalfTheRoom(int headSize) {
    try (KvPool bytes = new KvPool(2, 2, 3, headSize, KvType.INT8)) {
      int head = 32 * headSize + 64 * ((headSize + 31) / 32);
      assertThat(bytes.pageBytes()).isEqualTo(2L * 2 * 3 * head);
      assertThat(bytes.values(1, 1, 2)).isEqualTo(2 * bytes.pageBytes() - head);
      assertThat(bytes.memory().address() % 64).isZero();
      assertThat(bytes.keys(1, 1, 1) % 64).isZero();
    }
  }

  @Test
  void grownSequencesTakePagesUntilNoneIsLeft() {
    try (KvSequence sequence = new KvSequence(pool)) {
      assertThat(sequence.ensure(33)).isTrue();
      assertThat(sequence.pageCount()).isEqualTo(2);
      assertThat(sequence.ensure(128)).isTrue();
      assertThat(sequence.ensure(129)).isFalse();
      assertThat(pool.allocate()).isEqualTo(-1);
      sequence.setLength(100);
      sequence.truncate(33);
      assertThat(sequence.pageCount()).isEqualTo(2);
      assertThat(pool.freePages()).isEqualTo(2);
      assertThatThrownBy(() -> sequence.setLength(65)).isInstanceOf(EngineException.class);
    }
  }

  @Test
  void forksShareFullPagesAndCopyThePartialOne() {
    try (KvSequence parent = new KvSequence(pool)) {
      parent.ensure(40);
      parent.setLength(40);
      mark(parent.page(1), (short) 7);
      try (KvSequence child = parent.fork()) {
        assertThat(child.length()).isEqualTo(40);
        assertThat(child.page(0)).isEqualTo(parent.page(0));
        assertThat(pool.references(child.page(0))).isEqualTo(2);
        assertThat(child.page(1)).isNotEqualTo(parent.page(1));
        assertThat(read(child.page(1))).isEqualTo((short) 7);
        mark(child.page(1), (short) 8);
        assertThat(read(parent.page(1))).isEqualTo((short) 7);
      }
      assertThat(pool.references(parent.page(0))).isEqualTo(1);
    }
  }

  @Test
  void aSharedPageIsCopiedBeforeItIsWritten() {
    try (KvSequence parent = new KvSequence(pool)) {
      parent.ensure(32);
      parent.setLength(32);
      try (KvSequence child = parent.fork()) {
        child.truncate(20);
        assertThat(child.page(0)).isEqualTo(parent.page(0));
        assertThat(child.ensure(21)).isTrue();
        assertThat(child.page(0)).isNotEqualTo(parent.page(0));
        assertThat(pool.references(parent.page(0))).isEqualTo(1);
      }
    }
  }

  @Test
  void aForkWithoutAPageFailsAndLeaksNothing() {
    try (KvSequence parent = new KvSequence(pool)) {
      parent.ensure(128);
      parent.setLength(127);
      assertThatThrownBy(parent::fork)
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.OUT_OF_MEMORY));
    }
  }

  @Test
  void pagesTravelAsStoredBits() {
    int from = pool.allocate();
    int to = pool.allocate();
    mark(from, (short) 0x3C01);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(pool.pageBytes());
      pool.export(from, bytes);
      pool.load(to, bytes);
      assertThat(read(to)).isEqualTo((short) 0x3C01);
      assertThatThrownBy(() -> pool.load(to, bytes.asSlice(2))).hasMessageContaining("page size");
    }
    pool.release(from);
    assertThatThrownBy(() -> pool.retain(from)).hasMessageContaining("a page in use");
    assertThatThrownBy(() -> pool.release(99)).hasMessageContaining("a page in use");
    pool.release(to);
  }

  private void mark(int page, short value) {
    pool.memory().set(ValueLayout.JAVA_SHORT, pool.values(page, 1, 2) + 10, value);
  }

  private short read(int page) {
    return pool.memory().get(ValueLayout.JAVA_SHORT, pool.values(page, 1, 2) + 10);
  }
}
