package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Attention over a piece of stored keys and values, for heads of one size. Every call is checked
 * first. Thread-safe.
 */
public final class PieceAttention {
  /** Heads of a call. */
  public static final int MOST_HEADS = AttentionEmitter.MOST_HEADS;

  /** Tokens of a piece. */
  public static final int PIECE = AttentionEmitter.PIECE;

  /** Tokens of a page. */
  public static final int PAGE = 32;

  private static final int GROUP = 16;

  private final int headSize;
  private final MemorySegment[] codes;
  private final MemorySegment constants;

  PieceAttention(int headSize, MemorySegment[] codes, MemorySegment constants) {
    this.headSize = headSize;
    this.codes = codes.clone();
    this.constants = constants;
  }

  public int headSize() {
    return headSize;
  }

  /** The memory of one thread for calls, and what a call leaves. */
  public static final class Memory {
    private final int headSize;
    final MemorySegment arguments;
    final MemorySegment query;
    final MemorySegment keys;
    final MemorySegment values;
    final MemorySegment weights;
    final MemorySegment lanes;
    final MemorySegment lastValues;
    final MemorySegment out;

    /** Makes room for heads of a size. */
    public Memory(int headSize, Arena arena) {
      this.headSize = headSize;
      arguments = GuardedMemory.allocate(AttentionEmitter.ARGUMENT_BYTES, arena);
      query = GuardedMemory.allocate((long) MOST_HEADS * headSize * Float.BYTES, arena);
      keys = GuardedMemory.allocate((long) PIECE / GROUP * Long.BYTES, arena);
      values = GuardedMemory.allocate((long) PIECE / GROUP * Long.BYTES, arena);
      weights = GuardedMemory.allocate((long) MOST_HEADS * AttentionEmitter.WEIGHT_STRIDE, arena);
      lanes = GuardedMemory.allocate(AttentionEmitter.laneBytes(), arena);
      lastValues = GuardedMemory.allocate((long) GROUP * headSize * Short.BYTES, arena);
      out = GuardedMemory.allocate((long) MOST_HEADS * (headSize + 2) * Float.BYTES, arena);
    }

    public int headSize() {
      return headSize;
    }

    /** Copies the weighted values of a head out. */
    public void values(int head, float[] to) {
      MemorySegment.copy(out, JAVA_FLOAT, (long) head * headSize * Float.BYTES, to, 0, headSize);
    }

    /** Returns the greatest score of a head in a call with so many heads. */
    public float max(int heads, int head) {
      return out.get(JAVA_FLOAT, AttentionEmitter.extremesAt(headSize, heads, head));
    }

    /** Returns the sum of a head's weights. */
    public float sum(int heads, int head) {
      return out.get(JAVA_FLOAT, AttentionEmitter.extremesAt(headSize, heads, head) + Float.BYTES);
    }
  }

  /**
   * Attends.
   *
   * @param query the heads' queries, one after the other from {@code queryAt} on
   * @param pages half floats; keys of a page are [headSize][PAGE], values [PAGE][headSize]
   * @param keyPages where the pages of keys begin, in bytes
   * @param valuePages where the pages of values begin
   * @param tokens how many tokens are seen, 1 to {@link #PIECE}
   * @throws IllegalArgumentException when anything would reach outside of its memory
   */
  public void run(
      Memory memory,
      float[] query,
      int queryAt,
      int heads,
      float scale,
      MemorySegment pages,
      long[] keyPages,
      long[] valuePages,
      int tokens) {
    if (heads < 1 || heads > MOST_HEADS || tokens < 1 || tokens > PIECE) {
      throw new IllegalArgumentException("attention: " + heads + " heads, " + tokens + " tokens");
    }
    if (memory.headSize != headSize) {
      throw new IllegalArgumentException("memory for heads of " + memory.headSize);
    }
    long pageBytes = (long) PAGE * headSize * Short.BYTES;
    int groups = (tokens + GROUP - 1) / GROUP;
    for (int group = 0; group < groups; group++) {
      long key = keyPages[group / 2];
      long value = valuePages[group / 2];
      if (((key | value) & 1) != 0
          || key < 0
          || value < 0
          || key > pages.byteSize()
          || value > pages.byteSize()) {
        throw new IllegalArgumentException(
            "pages: " + key + " and " + value + " (expected: even offsets inside of the memory)");
      }
      TileProduct.holds("keys", pages, key + pageBytes, 1);
      TileProduct.holds("values", pages, value + pageBytes, 1);
      int half = group % 2;
      memory.keys.setAtIndex(
          JAVA_LONG, group, pages.address() + key + (long) half * GROUP * Short.BYTES);
      long groupAt = value + (long) half * GROUP * headSize * Short.BYTES;
      int seen = Math.min(GROUP, tokens - group * GROUP);
      if (seen < GROUP) {
        // behind the last token stand zeros: what the page holds there may be anything
        memory.lastValues.fill((byte) 0);
        MemorySegment.copy(
            pages, JAVA_SHORT, groupAt, memory.lastValues, JAVA_SHORT, 0, (long) seen * headSize);
        memory.values.setAtIndex(JAVA_LONG, group, memory.lastValues.address());
      } else {
        memory.values.setAtIndex(JAVA_LONG, group, pages.address() + groupAt);
      }
    }
    MemorySegment.copy(query, queryAt, memory.query, JAVA_FLOAT, 0, heads * headSize);
    MemorySegment arguments = memory.arguments;
    arguments.set(JAVA_LONG, AttentionEmitter.QUERY, memory.query.address());
    arguments.set(JAVA_INT, AttentionEmitter.SCALE, Float.floatToRawIntBits(scale));
    arguments.set(JAVA_LONG, AttentionEmitter.TOKENS, tokens);
    arguments.set(JAVA_LONG, AttentionEmitter.GROUPS, groups);
    arguments.set(JAVA_LONG, AttentionEmitter.KEYS, memory.keys.address());
    arguments.set(JAVA_LONG, AttentionEmitter.VALUES, memory.values.address());
    arguments.set(JAVA_LONG, AttentionEmitter.WEIGHTS, memory.weights.address());
    arguments.set(JAVA_LONG, AttentionEmitter.LANES, memory.lanes.address());
    arguments.set(JAVA_LONG, AttentionEmitter.OUT, memory.out.address());
    arguments.set(JAVA_LONG, AttentionEmitter.CONSTANTS, constants.address());
    NativeCall.invoke(codes[heads - 1], arguments);
  }
}
