package dev.ponder.engine.kv;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.machine.GuardedMemory;
import dev.ponder.engine.machine.Machine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A fixed number of pages that hold the keys and values of {@link #pageTokens} tokens each, outside
 * the heap. A page is layer-major: per layer the keys of every head, then the values, each as the
 * {@link KvType} lays it out, from a multiple of 64 bytes on. Pages are reference counted; page
 * bookkeeping belongs to one thread.
 */
public final class KvPool implements AutoCloseable {
  private final int layers;
  private final int heads;
  private final int headSize;
  private final KvType type;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int[] references;
  private final int[] free;
  private int freeCount;

  /**
   * Makes a pool of {@code pages} free pages. Where the engine can map memory itself, it is taken
   * as pages are first written; elsewhere the JDK writes zeros to all of it here.
   */
  public KvPool(int pages, int layers, int heads, int headSize, KvType type) {
    if (pages < 1) {
      throw EngineException.invalidArgument("pages", pages, "at least 1");
    }
    this.layers = layers;
    this.heads = heads;
    this.headSize = headSize;
    this.type = type;
    memory = allocate(pages);
    references = new int[pages];
    free = new int[pages];
    freeCount = pages;
    for (int i = 0; i < pages; i++) {
      free[i] = pages - 1 - i; // page 0 goes first
    }
  }

  private MemorySegment allocate(int pages) {
    long bytes = Math.multiplyExact(pageBytes(), (long) pages);
    try {
      return Machine.mapsMemory()
          ? GuardedMemory.allocate(bytes, arena)
          : arena.allocate(bytes, 64);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new EngineException(
          EngineException.Kind.OUT_OF_MEMORY, "KV pool: " + bytes + " bytes are not available", e);
    }
  }

  public int pageTokens() {
    return Kernels.PAGE_TOKENS;
  }

  public int totalPages() {
    return references.length;
  }

  public int freePages() {
    return freeCount;
  }

  /** Returns the bytes of one page. */
  public long pageBytes() {
    return layerBytes() * layers;
  }

  /** Returns how keys and values are stored. */
  public KvType type() {
    return type;
  }

  /** Takes a free page with one reference; -1 when there is none. */
  public int allocate() {
    if (freeCount == 0) {
      return -1;
    }
    int page = free[--freeCount];
    references[page] = 1;
    return page;
  }

  /** Adds a reference to a page in use. */
  public void retain(int page) {
    checkUsed(page);
    references[page]++;
  }

  /** Drops a reference; the page is free after the last. */
  public void release(int page) {
    checkUsed(page);
    if (--references[page] == 0) {
      free[freeCount++] = page;
    }
  }

  /** Returns the number of references, 0 for a free page. */
  public int references(int page) {
    return references[page];
  }

  /** Copies the stored bits of a page out. */
  public void export(int page, MemorySegment target) {
    checkUsed(page);
    checkSize(target);
    MemorySegment.copy(memory, pageBytes() * page, target, 0, pageBytes());
  }

  /** Fills a page with stored bits that {@link #export} gave. */
  public void load(int page, MemorySegment source) {
    checkUsed(page);
    checkSize(source);
    MemorySegment.copy(source, 0, memory, pageBytes() * page, pageBytes());
  }

  void copy(int from, int to) {
    MemorySegment.copy(memory, pageBytes() * from, memory, pageBytes() * to, pageBytes());
  }

  /** Returns all pages, for the model; the offsets below lead into it. */
  public MemorySegment memory() {
    return memory;
  }

  /** Returns where the keys of a head lie. */
  public long keys(int page, int layer, int head) {
    return pageBytes() * page + layerBytes() * layer + headBytes() * head;
  }

  /** Returns where the values of a head lie. */
  public long values(int page, int layer, int head) {
    return keys(page, layer, heads + head);
  }

  /** Whether the pool was made for this many layers and heads of this size, stored like this. */
  public boolean fits(int otherLayers, int otherHeads, int otherHeadSize, KvType otherType) {
    return layers == otherLayers
        && heads == otherHeads
        && headSize == otherHeadSize
        && type == otherType;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      Arrays.fill(references, 0);
      freeCount = 0;
      arena.close();
    }
  }

  private long headBytes() {
    return (long) pageTokens() * type.tokenBytes(headSize);
  }

  private long layerBytes() {
    return 2L * heads * headBytes();
  }

  private void checkUsed(int page) {
    if (page < 0 || page >= references.length || references[page] == 0) {
      throw EngineException.invalidArgument("page", page, "a page in use");
    }
  }

  private void checkSize(MemorySegment segment) {
    if (segment.byteSize() != pageBytes()) {
      throw EngineException.invalidArgument(
          "page size", segment.byteSize(), pageBytes() + " bytes");
    }
  }
}
