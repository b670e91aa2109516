package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Attention over a piece of stored keys and values, for heads of one size. Every call is checked
 * first. Thread-safe.
 */
public final class PieceAttention {
  /** Queries of a call. */
  public static final int MOST_QUERIES = 16 * AttentionEmitter.TILE;

  /** Tokens of a piece. */
  public static final int PIECE = AttentionEmitter.PIECE;

  /** Tokens that are computed together: all queries of a call end in the same group. */
  public static final int GROUP = 16;

  private static final int GROUPS = PIECE / GROUP;
  private static final long MASK_BYTES = (long) GROUP * Integer.BYTES;

  private final HeadLayout layout;
  private final MemorySegment[] codes;
  private final MemorySegment constants;

  /**
   * @param codes for tiles of 1 to {@link AttentionEmitter#TILE} queries
   */
  PieceAttention(HeadLayout layout, MemorySegment[] codes, MemorySegment constants) {
    this.layout = layout;
    this.codes = codes.clone();
    this.constants = constants;
  }

  public HeadLayout layout() {
    return layout;
  }

  /** The memory of one thread for calls: the queries of the next, and what a call leaves. */
  public static final class Memory {
    private final HeadLayout layout;
    private final int headSize;
    private final int outBytes;
    private final MemorySegment arguments;
    private final MemorySegment query;

    /** Addresses for each group; {@link AttentionEmitter} says of what. */
    private final MemorySegment tables;

    private final MemorySegment scales;
    private final MemorySegment weights;
    private final MemorySegment lanes;
    private final MemorySegment masks;

    /** Masks of 0 to 16 tokens. */
    private final MemorySegment everyMask;

    private final MemorySegment out;
    private int queries;
    private int groups;

    /** Makes room for heads of a size. */
    public Memory(HeadLayout layout, Arena arena) {
      this.layout = layout;
      headSize = layout.headSize();
      outBytes = AttentionEmitter.outBytes(headSize);
      arguments = GuardedMemory.allocate(AttentionEmitter.ARGUMENT_BYTES, arena);
      query = GuardedMemory.allocate((long) MOST_QUERIES * headSize * Float.BYTES, arena);
      tables =
          GuardedMemory.allocate(
              (long) AttentionEmitter.TABLE_COUNT * AttentionEmitter.TABLE_BYTES, arena);
      scales = GuardedMemory.allocate(AttentionEmitter.scaleBytes(layout), arena);
      weights = GuardedMemory.allocate(AttentionEmitter.weightBytes(), arena);
      lanes = GuardedMemory.allocate(AttentionEmitter.laneBytes(), arena);
      masks = GuardedMemory.allocate(MOST_QUERIES * MASK_BYTES, arena);
      everyMask = GuardedMemory.allocate((GROUP + 1) * MASK_BYTES, arena);
      for (int i = 0; i < (GROUP + 1) * GROUP; i++) {
        everyMask.setAtIndex(JAVA_INT, i, i % GROUP < i / GROUP ? -1 : 0);
      }
      out = GuardedMemory.allocate((long) MOST_QUERIES * outBytes, arena);
    }

    public HeadLayout layout() {
      return layout;
    }

    private void table(int table, int group, long address) {
      tables.setAtIndex(JAVA_LONG, table * GROUPS + group, address);
    }

    /** Begins the next call. */
    public void clear() {
      queries = 0;
    }

    /** Returns the queries of the next call, or of the last. */
    public int queries() {
      return queries;
    }

    /**
     * Adds queries that see the same tokens.
     *
     * @param from the queries, one after the other from {@code at} on
     * @param tokens how many tokens they see, 1 to {@link #PIECE}; for all queries of a call they
     *     end in the same {@link #GROUP}
     * @throws IllegalArgumentException when there is no room for them
     */
    public void add(float[] from, int at, int count, int tokens) {
      int last = (tokens + GROUP - 1) / GROUP;
      if (count < 1
          || count > MOST_QUERIES - queries
          || tokens < 1
          || tokens > PIECE
          || (queries > 0 && last != groups)) {
        throw new IllegalArgumentException(
            "attention: " + count + " queries of " + tokens + " tokens");
      }
      groups = last;
      long offset = (long) queries * headSize * Float.BYTES;
      MemorySegment.copy(from, at, query, JAVA_FLOAT, offset, count * headSize);
      long seen = (tokens - (last - 1) * GROUP) * MASK_BYTES;
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(everyMask, seen, masks, (queries + i) * MASK_BYTES, MASK_BYTES);
      }
      queries += count;
    }

    /** Copies the weighted values of a query out. */
    public void values(int query, float[] to) {
      MemorySegment.copy(out, JAVA_FLOAT, (long) query * outBytes, to, 0, headSize);
    }

    /** Returns the greatest score of a query. */
    public float max(int query) {
      return out.get(JAVA_FLOAT, (long) query * outBytes + (long) headSize * Float.BYTES);
    }

    /** Returns the sum of a query's weights. */
    public float sum(int query) {
      return out.get(JAVA_FLOAT, (long) query * outBytes + (headSize + 1L) * Float.BYTES);
    }
  }

  /**
   * Attends for all queries that were added.
   *
   * @param pages keys and values as the layout has them
   * @param keyPages where the pages of keys begin, in bytes
   * @param valuePages where the pages of values begin
   * @throws IllegalArgumentException when anything would reach outside of its memory
   */
  public void run(
      Memory memory, float scale, MemorySegment pages, long[] keyPages, long[] valuePages) {
    if (!memory.layout.equals(layout) || memory.queries == 0) {
      throw new IllegalArgumentException(
          "attention: " + memory.queries + " queries of " + memory.layout);
    }
    long pageBytes = layout.pageBytes();
    for (int group = 0; group < memory.groups; group++) {
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
      long ahead = keyPages[Math.min(group + 4, memory.groups - 1) / 2]; // two pages on
      int half = group % 2 * GROUP; // where in the page the group begins
      long base = pages.address();
      long keyScales = base + key + layout.scalesAt();
      long valueScales = base + value + layout.scalesAt();
      long elements = (long) half * layout.elementBytes();
      memory.table(AttentionEmitter.KEYS, group, base + key + elements);
      memory.table(AttentionEmitter.AHEAD, group, base + ahead + group % 2 * (pageBytes / 2));
      memory.table(AttentionEmitter.VALUES, group, base + value + elements * layout.headSize());
      memory.table(AttentionEmitter.KEY_SCALES, group, keyScales + (long) half * Short.BYTES);
      memory.table(
          AttentionEmitter.VALUE_SCALES,
          group,
          valueScales + (long) half * layout.blocks() * Short.BYTES);
    }
    MemorySegment arguments = memory.arguments;
    arguments.set(JAVA_INT, AttentionEmitter.SCALE, Float.floatToRawIntBits(scale));
    arguments.set(JAVA_LONG, AttentionEmitter.GROUPS, memory.groups);
    arguments.set(JAVA_LONG, AttentionEmitter.TABLES, memory.tables.address());
    arguments.set(JAVA_LONG, AttentionEmitter.SCALES, memory.scales.address());
    arguments.set(JAVA_LONG, AttentionEmitter.WEIGHTS, memory.weights.address());
    arguments.set(JAVA_LONG, AttentionEmitter.LANES, memory.lanes.address());
    arguments.set(JAVA_LONG, AttentionEmitter.CONSTANTS, constants.address());
    int tiles = memory.queries / AttentionEmitter.TILE;
    int rest = memory.queries % AttentionEmitter.TILE;
    if (tiles > 0) {
      call(memory, 0, tiles, AttentionEmitter.TILE);
    }
    if (rest > 0) {
      call(memory, tiles * AttentionEmitter.TILE, 1, rest);
    }
  }

  private void call(Memory memory, int first, int tiles, int queries) {
    MemorySegment arguments = memory.arguments;
    arguments.set(JAVA_LONG, AttentionEmitter.TILES, tiles);
    arguments.set(
        JAVA_LONG,
        AttentionEmitter.QUERY,
        memory.query.address() + (long) first * layout.headSize() * Float.BYTES);
    arguments.set(JAVA_LONG, AttentionEmitter.MASKS, memory.masks.address() + first * MASK_BYTES);
    arguments.set(
        JAVA_LONG, AttentionEmitter.OUT, memory.out.address() + (long) first * memory.outBytes);
    NativeCall.invoke(codes[queries - 1], arguments);
  }
}
