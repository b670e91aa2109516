package dev.ponder.benchmarks.kernel;

import dev.ponder.engine.kernel.AttentionState;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.KvCodec;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kernel.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;

/**
 * Attention of rows, and of heads that share a key head, over one whole piece of stored pages, the
 * way the engine does it: a tier that wants floats gets the pages converted once for all of them.
 * Counted are the stored keys and values, once a call.
 */
public class PieceAttention extends KernelTrial {
  private static final int PAGES = Kernels.PIECE_TOKENS / Kernels.PAGE_TOKENS;

  @Param({"1", "32"})
  public int rows = 1;

  @Param("3")
  public int heads = 3;

  @Param("64")
  public int headSize = 64;

  @Param({"F16", "INT8"})
  public KvType kv = KvType.F16;

  @Override
  Operation prepare(Kernels kernels, SplittableRandom random) {
    return new Attention(kernels, rows, heads, headSize, kv, random);
  }

  /** A score and a weighted value: a multiplication and an addition each. */
  @Override
  long operations() {
    return 4L * rows * heads * headSize * Kernels.PIECE_TOKENS;
  }

  @Override
  long bytes() {
    return 2L * Kernels.PIECE_TOKENS * kv.tokenBytes(headSize);
  }

  private static final class Attention implements Operation {
    private final Kernels kernels;
    private final int heads;
    private final int size;
    private final float scale;
    private final float[][] queries;
    private final float[][] out;
    private final MemorySegment pages;
    private final long[] keyPages = new long[PAGES];
    private final long[] valuePages = new long[PAGES];
    private final int[] tokens;
    private final AttentionState[] states;
    private final Scratch scratch;
    private final KvType kv;
    private final KvCodec codec;
    private final float[] keys;

    /** A row of zeros behind the last token, as the kernels want it. */
    private final float[] values;

    @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
    Attention(Kernels kernels, int rows, int heads, int size, KvType kv, SplittableRandom random) {
      this.kernels = kernels;
      this.heads = heads;
      this.size = size;
      scale = (float) (1 / StrictMath.sqrt(size));
      queries = gaussians(rows, heads * size, random);
      out = new float[rows][heads * size];
      this.kv = kv;
      codec = kernels.codec(size, kv);
      long pageBytes = (long) Kernels.PAGE_TOKENS * kv.tokenBytes(size);
      pages = Arena.ofAuto().allocate(2L * PAGES * pageBytes, 64);
      for (int page = 0; page < PAGES; page++) {
        keyPages[page] = 2L * page * pageBytes;
        valuePages[page] = keyPages[page] + pageBytes;
        for (int token = 0; token < Kernels.PAGE_TOKENS; token++) {
          codec.storeKey(gaussians(1, size, random)[0], 0, pages, keyPages[page], token);
          codec.storeValue(gaussians(1, size, random)[0], 0, pages, valuePages[page], token);
        }
      }
      tokens = new int[rows];
      Arrays.fill(tokens, Kernels.PIECE_TOKENS);
      states = new AttentionState[rows * heads];
      Arrays.setAll(states, i -> new AttentionState(size));
      scratch = kernels.scratch(size);
      keys = new float[Kernels.PIECE_TOKENS * size];
      values = new float[(Kernels.PIECE_TOKENS + 1) * size];
    }

    @Override
    public void run() {
      for (AttentionState state : states) {
        state.clear();
      }
      if (kernels.attendsStored(size, kv)) {
        kernels.attendStored(
            queries,
            0,
            queries.length,
            0,
            heads,
            scale,
            kv,
            pages,
            keyPages,
            valuePages,
            tokens,
            states,
            0,
            scratch);
      } else {
        for (int page = 0; page < PAGES; page++) {
          int at = page * Kernels.PAGE_TOKENS * size;
          codec.loadKeys(pages, keyPages[page], keys, at);
          codec.loadValues(pages, valuePages[page], values, at);
        }
        kernels.attend(
            queries, 0, queries.length, 0, heads, scale, keys, values, tokens, states, 0, scratch);
      }
      for (int i = 0; i < states.length; i++) {
        kernels.finish(states[i], out[i / heads], i % heads * size);
      }
    }

    @Override
    public float[] result() {
      return Weights.flat(out);
    }
  }
}
